import type { Row, Run } from "./model";

/** The panel beside the grid shows the chosen task instance; the address keeps the choice. */
export function panel(): (run: Run, row: Row) => void {
  const region = document.querySelector<HTMLElement>("[data-panel]");
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (run, row) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const query = new URLSearchParams({ run: run.dag_run_id, [row.is_group ? "group" : "task"]: row.id });
      const here = new URLSearchParams(location.search);
      const own = new URLSearchParams(query);
      for (const name of ["runs", "folded", "cell"]) for (const value of here.getAll(name)) own.append(name, value);
      history.replaceState(null, "", `${location.pathname}?${own}`);
      if (region) region.dataset["live"] = `${region.dataset["panel"]}?${query}`;
      document.dispatchEvent(new CustomEvent("dirigent:choose"));
    }, 60);
  };
}
