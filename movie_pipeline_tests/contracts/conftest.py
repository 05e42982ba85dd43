"""One fixture per interface, parametrised over implementations: a new world adds a param here."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from movie_pipeline.aws.alerts import SNSAlerts
from movie_pipeline.aws.catalog import GlueCatalog
from movie_pipeline.aws.events import EventBridgeEvents
from movie_pipeline.interfaces import (
    Alerts,
    Catalog,
    Events,
    Notice,
    NoticeKind,
    Storage,
    Warehouse,
)
from movie_pipeline.local.alerts import AlertLog
from movie_pipeline.local.catalog import FolderCatalog
from movie_pipeline.local.events import EventLog
from movie_pipeline.local.storage import FolderStorage
from movie_pipeline.local.warehouse import DuckDBWarehouse
from movie_pipeline.settings import Settings
from movie_pipeline_tests.standins.aws import pipeline_clients
from movie_pipeline_tests.standins.buckets import s3_storage
from movie_pipeline_tests.standins.ministack import Ministack
from movie_pipeline_tests.standins.queues import Queue, Rule, Topic
from movie_pipeline_tests.standins.warehouses import (
    BucketFolder,
    redshift_standin,
    warehouse_on,
)
