"""One module or package per resource provider; each may have a `router` and an `attach(twin)`."""
