"""The composition root: builds the parts of a server and joins them. Starting and stopping stand here in one order.

`house` is what every process needs; `workers` claim and run attempts, `schedulers` lead; `embedded` joins the two.
"""
