"""`dirigent assets state`."""


def test_what_is_kept_with_an_asset_is_set_listed_and_deleted(dirigent):
    dirigent("db", "upgrade")
    said = dirigent("assets", "state", "set", "orders", "watermark", "7")
    assert said.out == "watermark of orders is set.\n"
    [row] = dirigent("assets", "state", "list", "orders", "-o", "json").json
    assert (row["key"], row["value"], row["updated_by"]) == ("watermark", 7, "cli")
    assert dirigent("assets", "state", "delete", "orders", "none").code == 1
    assert dirigent("assets", "state", "delete", "orders").code == 2
    said = dirigent("assets", "state", "delete", "orders", "--all")
    assert said.out == "1 keys of orders were deleted.\n"
