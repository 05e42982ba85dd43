"""The world on AWS: S3, SQS, SNS, EventBridge, Glue. The same file names as in `local/`.

The only place that imports boto3; loaded when this deployment is chosen and not before.
"""
