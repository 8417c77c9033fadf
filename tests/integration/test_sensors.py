"""Sensors in a server: they come back, give their slot back meanwhile, and give up in time."""

from __future__ import annotations

from tests.integration.waiting import eventually


def test_a_sensor_comes_back_until_its_file_is_there_and_gives_up_after_its_timeout(embedded):
    looks = embedded.folder / "looks"
    embedded.write(
        "sensors.py",
        """
        from scheduler import DAG, FileSensor, PokeReturnValue, task

        with DAG("sensors", schedule=None, params={"file": ""}):
            @task.sensor(mode="reschedule", poke_interval=0.1, timeout=0.5, retries=3)
            def in_vain():
                return False

            @task.sensor(mode="reschedule", poke_interval=0.1)
            def third(ti=None):
                with open(LOOKS, "a+") as file:
                    file.write(f"{ti.try_number} of {ti.max_tries}, ")
                    file.seek(0)
                    return PokeReturnValue(file.read().count(",") >= 3, xcom_value=ti.waiting_since is not None)

            @task
            def after(value):
                print("handed on", value)

            file = FileSensor("file", filepath="{{ params.file }}", mode="reschedule", poke_interval=0.1)
            file >> after(third())
            in_vain()
        """.replace("LOOKS", repr(str(looks))),
    )
    awaited = embedded.folder / "awaited"
    run = embedded.trigger("sensors", {"file": str(awaited)})
    eventually(lambda: run.tasks.get("file") == "up_for_reschedule", told=embedded.told)
    awaited.touch()
    run.until("failed")
    assert run.tasks == {"file": "success", "third": "success", "after": "success", "in_vain": "failed"}
    assert "handed on True" in run.log("after")
    assert len(run.attempts("file")) > 1
    assert looks.read_text() == "1 of 1, " * 3
    assert "waited" in run.attempts("in_vain")[-1].reason
    assert {each.state for each in run.attempts("in_vain")[:-1]} == {"deferred"}
