"""What mattebox asks of Shopify's Admin API: all texts in one place, validated in tests against its schema."""

from __future__ import annotations

from mattebox.shops.graphql_client import GraphqlOperation

PRODUCTS_PER_PAGE, MEDIA_PER_PRODUCT = 10, 30
_PAGE = "pageInfo { hasNextPage endCursor }"
_IMAGE = "... on MediaImage { id alt fileStatus mimeType image { url } originalSource { url } }"
_MEDIA = f"{_PAGE} nodes {{ id mediaContentType {_IMAGE} }}"
_PRODUCTS = f"{_PAGE} nodes {{ id title handle media(first: {MEDIA_PER_PRODUCT}) {{ {_MEDIA} }} }}"
_FILES = "files { id fileStatus } userErrors { field code message }"
_MEDIA_ERRORS = "userErrors { field code message }"

PRODUCTS = GraphqlOperation(
    f"query Products($first: Int!, $after: String, $query: String) "
    f"{{ products(first: $first, after: $after, query: $query, sortKey: ID) {{ {_PRODUCTS} }} }}",
    900,
)
COLLECTION_PRODUCTS = GraphqlOperation(
    f"query CollectionProducts($handle: String!, $first: Int!, $after: String) "
    f"{{ collectionByIdentifier(identifier: {{handle: $handle}}) "
    f"{{ products(first: $first, after: $after) {{ {_PRODUCTS} }} }} }}",
    900,
)
PRODUCT_MEDIA = GraphqlOperation(
    f"query ProductMedia($id: ID!, $first: Int!, $after: String) "
    f"{{ product(id: $id) {{ media(first: $first, after: $after) {{ {_MEDIA} }} }} }}",
    300,
)
MEDIA_ORDER = GraphqlOperation(
    f"query MediaOrder($id: ID!, $after: String) "
    f"{{ product(id: $id) {{ media(first: 50, after: $after) {{ {_PAGE} nodes {{ id }} }} }} }}",
    120,
)
PRODUCT_VARIANTS = GraphqlOperation(
    f"query ProductVariants($id: ID!, $after: String) "
    f"{{ product(id: $id) {{ variants(first: 50, after: $after) "
    f"{{ {_PAGE} nodes {{ id media(first: 2) {{ nodes {{ id }} }} }} }} }} }}",
    500,
)
FILE_STATES = GraphqlOperation(
    "query FileStates($ids: [ID!]!) { nodes(ids: $ids) "
    "{ id ... on MediaImage { fileStatus fileErrors { code message } image { url } originalSource { url } } } }",
    100,
)
FILES_BY_NAME = GraphqlOperation(
    "query FilesByName($query: String!) { files(first: 5, query: $query) { nodes { id } } }", 20
)
JOB = GraphqlOperation("query JobState($id: ID!) { job(id: $id) { done } }", 5)
STAGE_UPLOADS = GraphqlOperation(
    "mutation StageUploads($input: [StagedUploadInput!]!) { stagedUploadsCreate(input: $input) "
    "{ stagedTargets { url resourceUrl parameters { name value } } userErrors { field message } } }",
    50,
)
UPDATE_FILES = GraphqlOperation(
    f"mutation UpdateFiles($files: [FileUpdateInput!]!) {{ fileUpdate(files: $files) {{ {_FILES} }} }}", 50
)
CREATE_FILES = GraphqlOperation(
    f"mutation CreateFiles($files: [FileCreateInput!]!) {{ fileCreate(files: $files) {{ {_FILES} }} }}", 50
)
ATTACH_TO_VARIANTS = GraphqlOperation(
    "mutation AttachToVariants($product: ID!, $media: [ProductVariantAppendMediaInput!]!) "
    f"{{ productVariantAppendMedia(productId: $product, variantMedia: $media) {{ {_MEDIA_ERRORS} }} }}",
    50,
)
DETACH_FROM_VARIANTS = GraphqlOperation(
    "mutation DetachFromVariants($product: ID!, $media: [ProductVariantDetachMediaInput!]!) "
    f"{{ productVariantDetachMedia(productId: $product, variantMedia: $media) {{ {_MEDIA_ERRORS} }} }}",
    50,
)
REORDER = GraphqlOperation(
    "mutation Reorder($product: ID!, $moves: [MoveInput!]!) { productReorderMedia(id: $product, moves: $moves) "
    "{ job { id done } mediaUserErrors { field code message } } }",
    50,
)
ACKNOWLEDGE_FAILURES = GraphqlOperation(
    "mutation AcknowledgeFailures($ids: [ID!]!) { fileAcknowledgeUpdateFailed(fileIds: $ids) "
    "{ files { id fileStatus } userErrors { field code message } } }",
    50,
)
ALL_OPERATIONS = (
    PRODUCTS, COLLECTION_PRODUCTS, PRODUCT_MEDIA, MEDIA_ORDER, PRODUCT_VARIANTS, FILE_STATES, FILES_BY_NAME, JOB,
    STAGE_UPLOADS, UPDATE_FILES, CREATE_FILES, ATTACH_TO_VARIANTS, DETACH_FROM_VARIANTS, REORDER, ACKNOWLEDGE_FAILURES,
)  # fmt: skip
