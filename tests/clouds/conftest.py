from tests.stacks.checkouts import checkout

__all__ = ["checkout"]
