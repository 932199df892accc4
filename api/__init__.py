"""HTTP: routers, schemas, authentication, problems, caching, the dashboard page."""
