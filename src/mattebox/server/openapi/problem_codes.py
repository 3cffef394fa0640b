"""Every problem code that the API returns, by HTTP status, with its meaning."""

from __future__ import annotations

CODES_BY_STATUS: dict[int, dict[str, str]] = {
    400: {"bad_request": "the body cannot be read, or was interrupted"},
    401: {
        "key_unknown": "the API key is missing or unknown",
        "signature_wrong": "a shop's announcement is not signed with the server's secret",
    },
    403: {
        "scope_missing": "the key does not allow this",
        "origin_refused": "the request comes from another web site",
    },
    404: {
        "no_such_place": "there is no such path",
        "job_unknown": "there is no such job of yours",
        "photograph_unknown": "there is no such photograph of yours, or no longer",
    },
    405: {"method_not_allowed": "the path has other methods, which Allow names"},
    408: {"upload_too_slow": "the body arrives too slowly"},
    409: {
        "job_not_done": "the job has no result yet",
        "result_in_location": "the result is the object that `made` names",
        "object_exists": "the job's output object is there already",
    },
    413: {
        "upload_too_large": "the body has too many bytes",
        "image_too_large": "a picture has more pixels than the server takes, or needs more memory than it has",
    },
    415: {"media_type_unsupported": "the body is neither a form, JSON nor a picture"},
    421: {"host_unknown": "the server does not answer to this Host"},
    422: {
        "invalid_parameter": "a field is unknown, or its value is not valid",
        "words_not_understood": "a request in words has one that is unknown, or that belongs to nothing",
        "ambiguous_words": "a request in words can mean several things; POST /v1/plans returns the question",
        "invalid_recipe": "the recipe is not of its schema",
        "image_missing": "not exactly one picture was sent, or one that a field names was not",
        "video_missing": "not exactly one clip was sent",
        "image_unreadable": "the bytes are not a picture, or a damaged one",
        "too_much_marked": "more of the picture is marked to be healed than can be filled from the rest",
        "no_subject": "nothing in the picture stands out",
        "format_cannot_hold_result": "the file format, or the limit of its size, does not fit the result",
        "model_unknown": "there is no such model here",
        "address_refused": "the server may not reach this address, or it returned no picture",
        "location_unknown": "the operator has configured no such location",
        "urls_off": "the server fetches no addresses",
        "hooks_off": "the server sends no web hooks",
        "idempotency_key_reused": "the Idempotency-Key was used for another request",
    },
    429: {
        "too_many_pixels": "more megapixels in a minute than the key allows; Retry-After says when to go on",
        "quota_used_up": "the key's pictures of this month are used up",
    },
    500: {"internal": "a fault of the server's"},
    503: {
        "no_audit": "the audit log cannot be written",
        "busy": "there is too much to do; Retry-After says when to try again",
        "leaving": "the server is about to stop",
        "no_jobs": "the server takes no jobs",
        "location_unavailable": "the job's location cannot be written",
        "no_videos": "the server takes no clips",
        "no_photographs": "the server keeps no photographs, or none as large",
        "queue_down": "the queue of jobs cannot be reached",
        "took_too_long": "the picture, or the request in words, took longer than the server allows",
        "worker_lost": "the picture was too much for a worker, twice, or the words for the process that reads them",
        "device_missing": "the server lacks the device that the model needs",
    },
    507: {"storage_full": "the server's disk is full"},
}
