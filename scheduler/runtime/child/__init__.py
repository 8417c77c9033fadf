"""The processes that run user code.

They never load SQLAlchemy, networkx or Celery: their size is paid per fork.
"""
