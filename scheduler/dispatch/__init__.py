"""Dispatch: tickets go out, workers hear them. The only package that knows Celery.

A *ticket* is a doorbell: "queue q has work". It carries the name of a queue and nothing else, so losing,
repeating or delaying one changes no outcome: what is to be done stands in the database, and a worker claims
it there.

The rule of the bell: a worker without a free slot hears nothing (`Doorbells.pause`), so that every ticket
reaches one that can act on it. A worker that fills itself up, or hears a ticket while it is full, rings
again for the others; one that finds the queue empty does not.
"""
