//! A report as one HTML page: style and figures inside, no script, nothing loaded.

use super::{Block, Document, Table, Tone};

/// Light and dark by the reader's preference; figures take the page's colour of text.
const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--rule:#d0d7de;--quiet:#57606a;--good:#0a6640;--bad:#a12d0c}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#14181d;--rule:#363d46;--quiet:#9aa4af;--good:#58c48e;--bad:#f2906a}}
body{color:var(--ink);background:var(--paper);font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25}h2{margin-top:2.5rem;border-bottom:1px solid var(--rule);font-size:1.3rem}h3{font-size:1.05rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem;margin:.75rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}th{font-weight:600}
.n{text-align:right;white-space:nowrap}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
figure{margin:1.25rem 0}figure svg{max-width:100%;height:auto;color:var(--ink)}figcaption{color:var(--quiet);font-size:.875rem}
";

pub(super) fn html(document: &Document) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
        title = escaped(&document.title)
    );
    for block in &document.blocks {
        match block {
            Block::Heading(level, text) => out += &format!("<h{level}>{}</h{level}>\n", escaped(text)),
            Block::Paragraph(text) => out += &format!("<p>{}</p>\n", escaped(text)),
            Block::Table(table) => out += &rows(table),
            Block::Figure { svg, caption, .. } => {
                out += &format!("<figure>\n{svg}\n<figcaption>{}</figcaption>\n</figure>\n", escaped(caption));
            }
        }
    }
    out + "</body>\n</html>\n"
}

fn rows(table: &Table) -> String {
    let mut out = String::from("<div class=\"wide\"><table>\n<thead><tr>");
    for column in &table.columns {
        let class = if column.numeric { " class=\"n\"" } else { "" };
        out += &format!("<th scope=\"col\"{class}>{}</th>", escaped(&column.name));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        out += "<tr>";
        for (cell, column) in row.iter().zip(&table.columns) {
            let mut classes = Vec::new();
            if column.numeric {
                classes.push("n");
            }
            match cell.tone {
                Tone::Plain => {}
                Tone::Good => classes.push("good"),
                Tone::Bad => classes.push("bad"),
            }
            let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
            out += &format!("<td{class}>{}</td>", escaped(&cell.text));
        }
        out += "</tr>\n";
    }
    out + "</tbody>\n</table></div>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
