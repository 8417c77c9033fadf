/** Menus close where a person presses elsewhere or Escape, as menus do. */

function close(except: Element | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

export function startMenus(): void {
  document.addEventListener("click", (event) => {
    close(event.target instanceof Element ? event.target.closest("details.menu") : null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelector<HTMLElement>("details.menu[open]:focus-within > summary")?.focus();
    close(null);
  });
}
