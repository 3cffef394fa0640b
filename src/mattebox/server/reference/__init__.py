"""The reference of the API for people, at /docs: one page of HTML made of the OpenAPI document, without scripts."""
