//! Paper of 80 columns: headings, indented text that is wrapped, and rows of three columns.

/// How many columns a page has.
const COLUMNS: usize = 80;
/// Where a row begins, and its second column.
const ROW: usize = 5;
const SECOND: usize = 20;

/// What has been printed so far, and the heading that stands above the next line.
#[derive(Default)]
pub(super) struct Paper {
    text: String,
    heading: Option<String>,
}

impl Paper {
    /// The title of all.
    pub(super) fn title(&mut self, title: &str) {
        self.text.push_str(title);
        self.text.push('\n');
    }

    /// The title of a section; a section without a line has none.
    pub(super) fn heading(&mut self, title: &str) {
        self.heading = Some(title.to_owned());
    }

    /// An empty line, unless a heading stands above.
    pub(super) fn gap(&mut self) {
        if self.heading.is_none() {
            self.text.push('\n');
        }
    }

    fn begin(&mut self) {
        if let Some(title) = self.heading.take() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            self.title(&title);
        }
    }

    /// Text with this indentation; nothing for no text.
    pub(super) fn text(&mut self, indent: usize, text: &str) {
        self.wrap(indent, indent, text);
    }

    /// Text whose further lines are indented more.
    pub(super) fn hanging(&mut self, indent: usize, text: &str) {
        self.wrap(indent, indent + 5, text);
    }

    /// An item of a list.
    pub(super) fn item(&mut self, indent: usize, text: &str) {
        self.wrap(indent, indent + 2, &format!("- {text}"));
    }

    /// A row: a word, what is so, and what comes of it at the right edge, or below where it does not fit.
    pub(super) fn columns(&mut self, first: &str, second: &str, third: &str) {
        self.begin();
        let first = format!("{:ROW$}{first:width$} ", "", width = SECOND - ROW - 1);
        let used = first.chars().count() + second.chars().count();
        let needed = third.chars().count() + 2;
        if used + needed <= COLUMNS {
            let room = COLUMNS - used;
            self.text.push_str(&format!("{first}{second}{third:>room$}\n"));
            return;
        }
        // Words of facts and results are short enough that each line by itself fits; a test looks at every page.
        self.text.push_str(&format!("{first}{second}\n"));
        self.text.push_str(&format!("{third:>COLUMNS$}\n"));
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn wrap(&mut self, first: usize, others: usize, text: &str) {
        if !text.is_empty() {
            self.begin();
        }
        let mut column = 0;
        for word in text.split_whitespace() {
            let width = word.chars().count();
            if column == 0 {
                self.text.push_str(&" ".repeat(first));
                column = first;
            } else if column + 1 + width > COLUMNS {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(others));
                column = others;
            } else {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += width;
        }
        if column > 0 {
            self.text.push('\n');
        }
    }
}
