"""Answering what a run asks."""

from __future__ import annotations

from tests.webui.tour.person import Person
from tests.webui.tour.shop import page_of
from tests.webui.tour.tasks.registry import task


@task("approve what waits for a person")
def approve(me: Person) -> None:
    run = me.shop.trigger("shop_refund").until_task("approve", "awaiting_input")
    me.go("/")
    me.press('.nav a[href="/required_actions"]')
    me.is_at("/required_actions")
    me.press(f'main a[data-sheet][href*="{run.run_id.partition("+")[0].partition(":")[0]}"]')
    me.confirm('button[value="Approve"]')
    me.is_told()


@task("answer a question with a number")
def answer(me: Person) -> None:
    run = me.shop.trigger("shop_restock").until_task("how_many", "awaiting_input")
    me.go(page_of(run))
    me.press("main .note a[data-sheet]")
    me.fill(**{"param.chairs": "25"})
    me.confirm()
    me.is_told()
    run.until()
