//! The explanation of a run as a page for a browser: one file with the picture, the words, and nothing that is fetched or run.
//!
//! Its sections are those of the explanation in a terminal, in the same order. It follows the light or the dark scheme of the reader's
//! system, prints on paper, and escapes whatever comes from a record; a policy in its head forbids a browser to load or to run
//! anything, should that ever fail.

use std::fmt::Write as _;

use crate::picture::xml::escaped;
use crate::picture::{svg_below_title, title};
use crate::record::{End, Run};
use crate::text::{DialectSaid, lines_of_capture};
use crate::why::Why;
use crate::words::{span, visible};
use crate::{said_line, wire_line};

/// How much of what the program wrote is shown; unit: characters.
pub const OUTPUT_SHOWN_MAX: usize = 4_000;
/// How many rows any section has.
pub const SECTION_ROWS_MAX: usize = 400;

const STYLE: &str = "
:root{color-scheme:light dark;--ground:#eef0f3;--card:#ffffff;--ink:#1f2933;--dim:#5d6975;--line:#dde1e6;--bad:#c62828;--good:#2e7d32;
--call:#5b4bc4;--code:#f4f3fb}
@media (prefers-color-scheme:dark){:root{--ground:#0d1014;--card:#14181d;--ink:#e4e7eb;--dim:#9aa5b1;--line:#2b333c;--bad:#ff7b72;
--good:#7ee787;--call:#a99cf5;--code:#1b1b2a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',
'DejaVu Sans',Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 48px}
h1{font-size:1.5rem;line-height:1.3;margin:0;overflow-wrap:anywhere}
h2{font-size:.82rem;letter-spacing:.08em;text-transform:uppercase;color:var(--dim);margin:0 0 10px}
p{margin:0 0 8px}.dim{color:var(--dim)}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 22px;margin-top:16px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:14px 28px;margin:0}
.facts dt,.rows dt{color:var(--dim);font-size:.88rem}.facts dd{margin:0;font-weight:600;overflow-wrap:anywhere}
.rows{margin:0;display:grid;grid-template-columns:minmax(140px,max-content) 1fr;gap:8px 22px}
.rows dt{font-size:1rem;color:var(--ink);font-weight:600}.rows dd{margin:0;overflow-wrap:anywhere}
.picture{overflow-x:auto;padding:0}.picture svg{display:block;margin:0 auto;max-width:100%;height:auto}
.because p{font-size:1.1rem}.bad{color:var(--bad)}.good{color:var(--good)}
ol,ul{margin:0;padding-left:1.3em}li{margin:2px 0;overflow-wrap:anywhere}
code,pre,.mono{font-family:ui-monospace,'SFMono-Regular',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;font-size:.88em}
pre{background:var(--code);border-radius:8px;padding:12px 14px;margin:6px 0 12px;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:7px 14px 7px 0;border-top:1px solid var(--line)}
th{color:var(--dim);font-weight:500;font-size:.88rem;border-top:0}
.once{white-space:nowrap}.scroll{overflow-x:auto}footer{margin-top:18px;font-size:.88rem}
@media (max-width:620px){.rows{grid-template-columns:1fr;gap:2px}.rows dd{margin-bottom:8px}.picture svg{max-width:none}}
@media print{body{background:none}section{break-inside:avoid}}
";

/// The page of a run: the picture, and what [`crate::text()`] says of it, in sections of the same names.
pub fn html(run: &Run, why: &Why, dialects: &[DialectSaid], files: &[(String, String)]) -> String {
    let mut page = Page { out: String::new() };
    page.begin(run);
    page.facts(run);
    page.put(&format!("<section class=\"picture\" aria-label=\"Ladder\">\n{}</section>\n", svg_below_title(run)));
    page.paragraphs("Why", "because", &why.because);
    page.pairs("Not", why.not.iter().map(|not| (not.cause.as_str(), not.evidence.as_str())));
    page.list("Unknown", "ul", &why.unknown);
    page.list("The lab's rule (its own word, not the wire's)", "ul", &why.lab);
    page.dialects(dialects);
    page.list("Seen by the program", "ol", &why.seen);
    page.output(run);
    page.list("Notes", "ul", &run.notes);
    let lines = lines_of_capture(run, files).map(|words| ("in it", words));
    let pairs = files.iter().map(|(name, path)| (name.as_str(), path.as_str()));
    page.pairs("Files", pairs.chain(lines.iter().map(|(name, words)| (*name, words.as_str()))));
    page.end(run);
    page.out
}

/// A page while it is written.
struct Page {
    out: String,
}

impl Page {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn begin(&mut self, run: &Run) {
        let title = escaped(&title(run));
        let summary = line(&run.summary);
        // Writing to a String cannot fail.
        let _ = write!(
            self.out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
             <p class=\"dim\">{summary}</p>\n"
        );
    }

    fn facts(&mut self, run: &Run) {
        let took = i64::try_from(run.took_us).unwrap_or(i64::MAX);
        let (ended, tone) = ending(&run.end);
        let facts = [
            ("connect() said", said_line(run), ""),
            ("On the wire", wire_line(run), ""),
            ("The program", ended, tone),
            ("It took", span(took), ""),
        ];
        self.put("<section>\n<dl class=\"facts\">\n");
        for (name, value, tone) in facts {
            let value = line(&value);
            let _ = writeln!(self.out, "<div><dt>{name}</dt><dd class=\"{tone}\">{value}</dd></div>");
        }
        self.put("</dl>\n</section>\n");
    }

    /// Begins a section, unless there is nothing to say in it.
    fn section(&mut self, name: &str, is_empty: bool, body: impl FnOnce(&mut Page)) {
        if is_empty {
            return;
        }
        let _ = writeln!(self.out, "<section>\n<h2>{}</h2>", escaped(name));
        body(self);
        self.put("</section>\n");
    }

    fn paragraphs(&mut self, name: &str, class: &str, sentences: &[String]) {
        self.section(name, sentences.is_empty(), |page| {
            let _ = writeln!(page.out, "<div class=\"{class}\">");
            for sentence in sentences.iter().take(SECTION_ROWS_MAX) {
                let _ = writeln!(page.out, "<p>{}</p>", line(sentence));
            }
            page.put("</div>\n");
        });
    }

    fn list(&mut self, name: &str, element: &str, items: &[String]) {
        self.section(name, items.is_empty(), |page| {
            let _ = writeln!(page.out, "<{element}>");
            for item in items.iter().take(SECTION_ROWS_MAX) {
                let _ = writeln!(page.out, "<li>{}</li>", line(item));
            }
            let _ = writeln!(page.out, "</{element}>");
        });
    }

    fn pairs<'a>(&mut self, name: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
        let mut pairs = pairs.take(SECTION_ROWS_MAX).peekable();
        self.section(name, pairs.peek().is_none(), |page| {
            page.put("<dl class=\"rows\">\n");
            for (name, value) in pairs {
                let _ = writeln!(page.out, "<dt>{}</dt><dd>{}</dd>", line(name), line(value));
            }
            page.put("</dl>\n");
        });
    }

    fn dialects(&mut self, dialects: &[DialectSaid]) {
        self.section("In other dialects", dialects.is_empty(), |page| {
            page.put("<div class=\"scroll\">\n<table>\n<tr><th>dialect</th><th>connect() reports</th><th>after</th>");
            page.put("<th>clause</th><th></th></tr>\n");
            for said in dialects.iter().take(SECTION_ROWS_MAX) {
                let number = said.number.map(|number| format!(" ({number})")).unwrap_or_default();
                let took = said.took_ms.and_then(|ms| i64::try_from(ms).ok());
                let took = took.map(|ms| span(ms.saturating_mul(1_000))).unwrap_or_default();
                let _ = writeln!(
                    page.out,
                    "<tr><td>{}</td><td class=\"mono\">{}{number}</td><td class=\"once\">{took}</td><td class=\"mono\">{}</td><td>{}</td></tr>",
                    line(&said.dialect),
                    line(&said.name),
                    line(&said.clause),
                    line(&said.sentence)
                );
            }
            page.put("</table>\n</div>\n");
        });
    }

    /// The end of what the program wrote, with its lines.
    fn output(&mut self, run: &Run) {
        let streams = [("standard error", &run.stderr_tail), ("standard output", &run.stdout_tail)];
        let is_empty = streams.iter().all(|(_, text)| text.trim().is_empty());
        self.section("What the program wrote", is_empty, |page| {
            for (name, text) in streams.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
                let skipped = text.chars().count().saturating_sub(OUTPUT_SHOWN_MAX);
                let end: String = text.chars().skip(skipped).collect();
                let lines: Vec<String> = end.trim_end().lines().map(|one| escaped(&visible(one))).collect();
                let _ =
                    writeln!(page.out, "<p class=\"dim\">The end of its {name}</p>\n<pre>{}</pre>", lines.join("\n"));
            }
        });
    }

    fn end(&mut self, run: &Run) {
        let mut retries = format!("a SYN is repeated {} times", run.ladder.retries());
        if run.ladder.is_shortened() {
            let default = i64::try_from(run.ladder.default_seconds()).unwrap_or(i64::MAX);
            let default = span(default.saturating_mul(1_000_000));
            retries += &format!(" here, less often than by default, where silence takes {default}");
        }
        let program = run.program.join(" ");
        let _ = write!(
            self.out,
            "<footer class=\"dim\">\n<p><code>{}</code></p>\n<p>Linux {}, {retries}. Seed {}. Made by synsent from the \
             record of the run; what it does not tell is said as unknown.</p>\n</footer>\n</main>\n</body>\n</html>\n",
            line(&program.chars().take(OUTPUT_SHOWN_MAX).collect::<String>()),
            line(&run.kernel),
            run.seed
        );
    }
}

/// A text from a record as one line of a page.
fn line(text: &str) -> String {
    escaped(&visible(text))
}

/// How the program ended, and whether that is good.
fn ending(end: &End) -> (String, &'static str) {
    match end {
        End::Exited(0) => ("exit code 0".to_owned(), "good"),
        End::Exited(code) => (format!("exit code {code}"), "bad"),
        End::Signal { number, name } => (format!("ended by {name} ({number})"), "bad"),
        End::TimeLimit(limit_us) => {
            let limit = span(i64::try_from(*limit_us).unwrap_or(i64::MAX));
            (format!("ended after its limit of {limit}"), "bad")
        }
        End::Interrupted => ("ended by the user".to_owned(), "bad"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::*;
    use crate::why;

    fn refused() -> Run {
        Made::new("refused")
            .named()
            .syn(12_000)
            .verdict(12_400, "rule 1 of shop: refuse")
            .hears(12_900, RST, 0, 0, 0)
            .asks(11_900, 13_400, ECONNREFUSED, "ECONNREFUSED")
            .done()
    }

    fn said() -> Vec<DialectSaid> {
        vec![DialectSaid {
            dialect: "winsock2".to_owned(),
            name: "WSAECONNREFUSED".to_owned(),
            number: Some(10_061),
            clause: "winsock2/connect/error/econnrefused".to_owned(),
            sentence: "The attempt to connect was forcefully rejected.".to_owned(),
            took_ms: Some(11),
        }]
    }

    fn page(run: &Run) -> String {
        html(run, &why(run), &said(), &[("capture".to_owned(), "run.pcapng".to_owned())])
    }

    #[test]
    fn a_page_has_the_picture_and_the_sections_of_the_explanation() {
        let page = page(&refused());
        for expected in [
            "<svg ",
            "<h2>Why</h2>",
            "<h2>Not</h2>",
            "<h2>In other dialects</h2>",
            "WSAECONNREFUSED (10061)",
            "<h2>Seen by the program</h2>",
            "<h2>Files</h2>",
            "run.pcapng",
            "prefers-color-scheme:dark",
            "SO_ERROR ECONNREFUSED",
            "curl: (7) Failed to connect to shop.test port 80",
        ] {
            assert!(page.contains(expected), "no {expected} in {page}");
        }
    }

    #[test]
    fn what_a_program_was_called_with_and_wrote_is_text_and_nothing_else() {
        let mut run = refused();
        let hostile = "</pre></title></style><script>alert('x')</script><img src=x onerror=alert(1)>";
        run.program = vec![hostile.to_owned(), hostile.to_owned()];
        run.case = hostile.to_owned();
        run.summary = hostile.to_owned();
        run.stderr_tail = format!("{hostile}\n\u{1b}[2J{hostile}");
        run.stdout_tail = hostile.to_owned();
        run.kernel = hostile.to_owned();
        run.notes = vec![hostile.to_owned()];
        run.verdicts[0].words = hostile.to_owned();
        run.verdicts[0].host = hostile.to_owned();
        let page = page(&run);
        for forbidden in ["<script", "<img", "<a ", "<link", "onerror=alert(1)>", "\u{1b}"] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
        assert!(page.contains("&lt;script&gt;"), "it is shown as what it is");
        for (element, count) in [("</pre>", 2), ("</style>", 2), ("</title>", 2)] {
            assert_eq!(page.matches(element).count(), count, "{element} of the page and its picture");
        }
    }

    #[test]
    fn a_page_fetches_nothing() {
        let page = page(&refused());
        let without_names = page.replace("http://www.w3.org/2000/svg", "").replace("http://shop.test/", "");
        for forbidden in ["http:", "https:", "src=", "href=", "url(", "@import"] {
            assert!(!without_names.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn a_page_is_well_formed_but_for_the_void_elements_of_its_head() {
        let page = page(&refused());
        let body = &page[page.find("<body>").unwrap()..page.find("</html>").unwrap()];
        roxmltree::Document::parse(body).unwrap();
    }

    #[test]
    fn of_long_output_and_long_lists_only_a_part_is_shown() {
        let mut run = refused();
        run.stderr_tail = "x".repeat(1_000_000);
        run.notes = vec!["a note".to_owned(); 100_000];
        let page = page(&run);
        assert!(page.contains(&"x".repeat(OUTPUT_SHOWN_MAX)) && !page.contains(&"x".repeat(OUTPUT_SHOWN_MAX + 1)));
        assert_eq!(page.matches("<li>a note</li>").count(), SECTION_ROWS_MAX);
    }
}
