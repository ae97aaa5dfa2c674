"""Azure Machine Learning on the local Azure: workspaces, computes, datastores, assets, registries, jobs."""
