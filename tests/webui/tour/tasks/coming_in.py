"""Coming in, and who one is."""

from __future__ import annotations

from tests.webui.tour.person import Person
from tests.webui.tour.shop import PASSWORD, log_of
from tests.webui.tour.tasks.registry import task


@task("sign in by a link that works once")
def by_link(me: Person) -> None:
    me.page.context.clear_cookies()
    me.go(me.shop.link())
    me.press("form button[type=submit]")
    me.is_at(r"/$")


@task("sign in by name and password, and go on to where one was led")
def by_password(me: Person) -> None:
    me.page.context.clear_cookies()
    me.go("/dags/shop_daily/code")
    me.is_at("/sign-in")
    me.write("#username", "ada")
    me.write("#password", PASSWORD)
    me.press("form button[type=submit]")
    me.is_at("/dags/shop_daily/code$")


@task("be told that name and password do not fit, and try again")
def mistyped(me: Person) -> None:
    me.page.context.clear_cookies()
    me.go("/sign-in")
    me.write("#username", "paul")
    me.write("#password", "something else")
    me.press("form button[type=submit]")
    me.sees("[role=alert]")
    me.watch.expect("/sign-in/password: 403|status of 403")
    me.write("#password", PASSWORD)
    me.press("form button[type=submit]")
    me.is_at(r"/$")


@task("change the own password")
def own_password(me: Person) -> None:
    me.sign_in(me.shop.add_person(me.shop.name("anna"), "User"))
    if me.has_phone:
        me.open_menu("#look-menu", "/account")
    else:
        me.press('.nav a[href="/account"]')
    me.press('main a[href*="/account/password"]')
    me.fill(old=PASSWORD, new="another horse battery", again="another horse battery")
    me.confirm()
    me.is_told()


@task("see as a viewer everything, and no button that changes anything")
def viewer(me: Person) -> None:
    run = me.shop.failed
    me.sign_in("vera")
    me.go("/dags/shop_orders")
    me.sees("[role=grid]")
    me.go(log_of(run, "load"))
    me.sees(".log", "currency")
    for part in ("/trigger", "/rerun", "/mark", "/note"):
        me.sees_no(f'main a[href*="{part}"]')
    me.sees_no("[role=switch][aria-label$=active]")


@task("sign out")
def sign_out(me: Person) -> None:
    me.sign_in("paul")
    if me.has_phone:
        me.press("#look-menu > summary")
    me.press('form[action="/sign-out"] button')
    me.is_at("/sign-in$")
