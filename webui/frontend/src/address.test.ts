import { beforeEach, expect, test } from "vitest";
import { argument, saidAll, say, sayAll } from "./address";

beforeEach(() => history.replaceState(null, "", "/dags/a?run=r&x=1#L7"));

test("a state is said beside the rest of the address, and no more where it is the usual one", () => {
  say("find", "a b&c");
  expect(location.search + location.hash).toBe("?run=r&x=1&find=a+b%26c#L7");
  expect(argument("find")).toBe("a b&c");
  say("find", "");
  expect(location.search + location.hash).toBe("?run=r&x=1#L7");
});

test("that there is none is another thing than that nothing is said", () => {
  expect(saidAll("folded")).toBeUndefined();
  sayAll("folded", new Set(["a", "b"]));
  expect(saidAll("folded")).toEqual(["a", "b"]);
  sayAll("folded", []);
  expect(saidAll("folded")).toEqual([]);
  expect(location.search).toBe("?run=r&x=1&folded=");
  sayAll("folded", undefined);
  expect(location.search).toBe("?run=r&x=1");
});
