// The few things that a page cannot do without a script; every page works without this file.
document.documentElement.classList.add("has-script");
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
// a choice that is sent as soon as it is made; not while somebody walks through it with the keyboard
for (const select of document.querySelectorAll("select[data-sends]")) {
  const before = select.value;
  let keys = false;
  select.addEventListener("keydown", (event) => { keys = event.key !== "Enter"; if (event.key === "Enter") select.form.requestSubmit(); });
  select.addEventListener("pointerdown", () => { keys = false; });
  select.addEventListener("change", () => { if (!keys) select.form.requestSubmit(); });
  select.addEventListener("blur", () => { if (keys && select.value !== before) select.form.requestSubmit(); });
}
