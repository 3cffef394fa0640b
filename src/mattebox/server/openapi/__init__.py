"""The OpenAPI document: schemas of requests and responses, problem codes, and the document itself."""
