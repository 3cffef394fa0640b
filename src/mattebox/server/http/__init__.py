"""HTTP below the routes: middleware, upload limits, time limits, request parsing, problem documents."""
