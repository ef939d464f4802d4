// The editor counts while somebody types, and asks before typed text is left behind; it works without this file.
const editor = document.getElementById("editor");
if (editor) {
  let unsaved = "unsaved" in editor.dataset;
  const used = (field) => field.dataset.counts === "lines" ? field.value.split("\n").filter((line) => line.trim()).length : [...field.value].length;
  editor.addEventListener("input", (event) => {
    unsaved = true;
    const counter = editor.querySelector(`[data-count-of="${CSS.escape(event.target.name)}"]`);
    if (counter) counter.textContent = used(event.target);
  });
  editor.addEventListener("submit", () => { unsaved = false; });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  document.getElementById("problem-summary")?.focus();
}
