const FORMATS = {
  CSV: (cells) => cells.map((row) => row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")).join("\n"),
  Markdown: ([head, ...rest]) => [head, head.map(() => "---"), ...rest].map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n"),
  LaTeX: ([head, ...rest]) => {
    const line = (row) => `${row.map(latex).join(" & ")} \\\\`;
    return [`\\begin{tabular}{${"l".repeat(head.length)}}`, "\\hline", line(head), "\\hline", ...rest.map(line), "\\hline", "\\end{tabular}"].join("\n");
  },
};
const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "→": "$\\rightarrow$", "–": "--", "✓": "yes:", "✗": "no:", "[": "{[}", "]": "{]}" };

function latex(cell) {
  return cell.replace(/[\\~^→–✓✗[\]]|[&%$#_{}]/g, (one) => LATEX[one] ?? `\\${one}`);
}

function cellsOf(table) {
  const visible = [...table.rows].filter((row) => !row.hidden);
  return visible.map((row) => [...row.cells].map((cell) => (cell.dataset.copy ?? cell.textContent).replace(/\s+/g, " ").trim()));
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context or permission, only a selection can be copied.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

for (const one of document.querySelectorAll(".scroll > table")) {
  const line = document.createElement("p");
  line.className = "copy";
  line.append("copy as ");
  const said = document.createElement("output");
  for (const [name, format] of Object.entries(FORMATS)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.setAttribute("aria-label", `copy ${one.parentElement.getAttribute("aria-label")} as ${name}`);
    button.addEventListener("click", async () => {
      said.textContent = (await copyText(format(cellsOf(one)))) ? `${name} copied` : "the browser did not allow copying";
    });
    line.append(button, " ");
  }
  line.append(said);
  one.parentElement.after(line);
}
