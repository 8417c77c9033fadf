"""What belongs to the server: variables, connections, pools, people, its log of deeds."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.webui.tour.person import Person
from tests.webui.tour.tasks.registry import task


@task("make a variable, and change it")
def variable(me: Person) -> None:
    key = me.shop.name("currency")
    me.go("/variables")
    me.act("n", "main a.primary[data-sheet]")
    me.fill(key=key, value="EUR")
    me.confirm()
    me.sees("main tr", None)
    me.press(me.page.locator("main tr").filter(has_text=key).locator("a[data-sheet]"))
    me.fill(value="CHF")
    me.confirm()
    expect(me.page.locator("main tr").filter(has_text=key)).to_contain_text("CHF")


@task("edit a connection, whose password nobody sees")
def connection(me: Person) -> None:
    name = me.shop.name("till")
    me.go("/connections")
    me.act("n", "main a.primary[data-sheet]")
    me.fill(conn_id=name, conn_type="http", host="till.example", password="secret of the till")
    me.confirm()
    me.press(me.page.locator("main tr").filter(has_text=name).locator("a[data-sheet]"))
    field = me.sheet.locator('[name="password"]')
    expect(field).to_have_value("***")
    me.fill(host="till2.example")
    me.confirm()
    expect(me.page.locator("main tr").filter(has_text=name)).to_contain_text("till2.example")
    assert "secret of the till" not in me.page.content()


@task("make a pool, and give it more room")
def pool(me: Person) -> None:
    name = me.shop.name("narrow")
    me.go("/pools")
    me.act("n", "main a.primary[data-sheet]")
    me.fill(name=name, slots="2")
    me.confirm()
    me.press(me.page.locator("main tr").filter(has_text=name).locator("a[data-sheet]"))
    me.fill(slots="5")
    me.confirm()
    expect(me.page.locator("main tr").filter(has_text=name)).to_contain_text("5")


@task("add a user with a role")
def user(me: Person) -> None:
    name = me.shop.name("olga")
    me.go("/users")
    me.act("n", "main a.primary[data-sheet]")
    me.fill(username=name, roles="Op", password="a long enough one")
    me.confirm()
    expect(me.page.locator(f"#user-{name}")).to_contain_text("Op")


@task("make a token for a program, that is shown once")
def token(me: Person) -> None:
    name = me.shop.add_person(me.shop.name("robot"), "User")
    me.go("/users")
    me.press(f'#user-{name} a[href*="token"]')
    me.fill(name="nightly export", days="30")
    me.confirm()
    me.sees("main .command code, dialog .command code")


@task("see who did what")
def audit(me: Person) -> None:
    me.shop.add_person(me.shop.name("nina"), "Viewer")
    me.go("/audit")
    me.sees("main table", "created")


@task("see whether the server is well")
def servers(me: Person) -> None:
    me.go("/workers")
    me.sees("main table")
    me.press('.tabs a[href="/settings"]')
    me.is_at("/settings")
