"""What doors know of the link a visitor came by: its plain code, kept on the way to a form."""

from typing import Any

from flask import Blueprint, has_request_context, request

from campaign.attribution.codes import code_in


def source() -> str:
    """Give the code of the link by which this visitor came, or nothing."""
    return code_in(request.args.get("via", "")) if has_request_context() else ""


def keep_source(bp: Blueprint, *views: str) -> None:
    """Let addresses of some views of a blueprint carry on the code by which a visitor came."""
    endpoints = {f"{bp.name}.{view}" for view in views}

    @bp.url_defaults
    def _keep(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint in endpoints and (code := source()):
            values.setdefault("via", code)
