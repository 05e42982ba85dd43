"""The script of the job on Glue and EMR Serverless; all else comes with the archive of modules."""

from movie_pipeline.spark.__main__ import main

main()
