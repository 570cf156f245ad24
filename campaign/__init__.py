"""Run a public campaign: its pages, its protests, its letters to ministers and its newsletter."""

from campaign.app import create_app

__all__ = ["create_app"]
