"""The API server of each managed cluster: its objects are real, and nothing runs in it.

Namespaces, quotas, policies, roles and custom resources are checked, merged and kept as a kube-apiserver
does; there is no node, no scheduler and no controller but the one that ends a namespace.
"""

from twinloop.localazure.kubernetes.hooks import HOOKED
from twinloop.localazure.kubernetes.routes import router

__all__ = ["HOOKED", "router"]
