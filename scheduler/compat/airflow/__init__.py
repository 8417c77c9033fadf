"""Files written for Airflow, read as they are: `import airflow...` gives Dirigent's own objects.

`finder` answers the import system, and costs a comparison of strings until a file asks for `airflow`. Only then are
`tables` read, which say for each of Airflow's modules what each of its names is here, and `reading` takes up the
arguments of old: it is the dialect (`scheduler.sdk.dialect`) in which DAGs and tasks of such a file are read.

What a name stands for is loaded when it is first asked for. Names of things that Dirigent lacks are there too; using
one of them raises NotInDirigent, which names what is missing (`missing`).

Providers of Airflow's that are installed without Airflow itself are found below `airflow.providers` on `sys.path`.
"""
