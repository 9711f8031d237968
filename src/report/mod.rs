//! Reports: what was found, laid out once and written as text, Markdown, or one HTML page without a network.
//!
//! A [`Document`] is headings, paragraphs, tables and figures. Nothing here knows what they speak of, or where they lie on
//! a disk: whoever reports builds the document and puts the result where it belongs.

pub mod figures;
mod page;

/// One report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub title: String,
    pub blocks: Vec<Block>,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Level 2 or deeper; the title is level 1.
    Heading(u8, String),
    Paragraph(String),
    Table(Table),
    /// A figure as SVG, and the path by which Markdown refers to it.
    Figure {
        svg: String,
        path: String,
        caption: String,
    },
}

/// Rows under columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

/// Head of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    /// Numbers stand right, words left.
    pub numeric: bool,
}

/// What stands in a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
}

/// Whether a cell says something good; the words say it too, never colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

impl Table {
    /// With columns of words, and of numbers where the name is in `numeric`.
    #[must_use]
    pub fn new(columns: &[&str], numeric: &[&str]) -> Self {
        let columns =
            columns.iter().map(|name| Column { name: (*name).to_owned(), numeric: numeric.contains(name) }).collect();
        Self { columns, rows: Vec::new() }
    }

    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// For a terminal: columns of equal width, two spaces apart.
    #[must_use]
    pub fn text(&self) -> String {
        let heads: Vec<Cell> = self.columns.iter().map(|column| column.name.as_str().into()).collect();
        let width = |text: &str| text.chars().count();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|k| {
                let cells = self.rows.iter().filter_map(|row| row.get(k)).chain(heads.get(k));
                cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
            })
            .collect();
        let line = |row: &[Cell]| {
            let mut out = String::new();
            for ((cell, column), wide) in row.iter().zip(&self.columns).zip(&widths) {
                let pad = " ".repeat(wide.saturating_sub(width(&cell.text)));
                if column.numeric {
                    out.push_str(&pad);
                }
                out.push_str(&cell.text);
                if !column.numeric {
                    out.push_str(&pad);
                }
                out.push_str("  ");
            }
            out.trim_end().to_owned()
        };
        std::iter::once(line(&heads)).chain(self.rows.iter().map(|row| line(row))).collect::<Vec<_>>().join("\n")
    }

    fn markdown(&self) -> String {
        let row = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
        let mut out = row(&mut self.columns.iter().map(|column| escaped(&column.name)));
        out += &row(&mut self.columns.iter().map(|column| if column.numeric { "---:" } else { "---" }.to_owned()));
        for cells in &self.rows {
            out += &row(&mut cells.iter().map(|cell| escaped(&cell.text)));
        }
        out
    }
}

/// A cell of a Markdown table: a bar would end it, a line break the row.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

impl Document {
    pub fn heading(&mut self, level: u8, text: impl Into<String>) {
        self.blocks.push(Block::Heading(level, text.into()));
    }

    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    /// As Markdown; figures are referred to by their paths.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", self.title);
        for block in &self.blocks {
            out.push('\n');
            match block {
                Block::Heading(level, text) => out += &format!("{} {text}\n", "#".repeat(usize::from(*level))),
                Block::Paragraph(text) => out += &format!("{text}\n"),
                Block::Table(table) => out += &table.markdown(),
                Block::Figure { path, caption, .. } => {
                    out += &format!("![{}]({path})\n", caption.replace('[', "\\[").replace(']', "\\]"))
                }
            }
        }
        out
    }

    /// As one page: figures inside, nothing loaded from anywhere.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Document {
        let mut table = Table::new(&["measure", "Hz"], &["Hz"]);
        table.row(vec!["MLI1 | rest".into(), "34.5".into()]);
        table.row(vec!["MLI2".into(), Cell { text: "120".into(), tone: Tone::Bad }]);
        let mut document = Document { title: "A & B".into(), blocks: Vec::new() };
        document.heading(2, "Rates < 200");
        document.blocks.push(Block::Table(table));
        document.blocks.push(Block::Figure {
            svg: "<svg xmlns=\"http://www.w3.org/2000/svg\"/>".into(),
            path: "figures/a.svg".into(),
            caption: "Rates".into(),
        });
        document
    }

    #[test]
    fn a_table_lines_up_in_a_terminal() {
        let Block::Table(table) = &small().blocks[1] else { panic!("a table") };
        assert_eq!(
            table.text(),
            "measure       Hz\nMLI1 | rest  34.5\nMLI2          120".replace("       Hz", "        Hz")
        );
    }

    #[test]
    fn markdown_keeps_rows_whole() {
        let text = small().markdown();
        assert!(
            text.starts_with(
                "# A & B\n\n## Rates < 200\n\n| measure | Hz |\n| --- | ---: |\n| MLI1 \\| rest | 34.5 |\n"
            )
        );
        assert!(text.contains("![Rates](figures/a.svg)"));
    }

    #[test]
    fn a_page_escapes_words_and_loads_nothing() {
        let page = small().html();
        assert!(page.contains("A &amp; B") && page.contains("Rates &lt; 200") && page.contains("<svg"));
        // the namespace of SVG is a name, not an address that is loaded
        assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<link"));
    }
}
