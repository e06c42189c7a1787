//! Tables: with a caption, sortable by links, numbers in line, and a word where nothing is in them.

use maud::{Markup, Render, html};

use crate::icon::{Icon, icon};
use crate::words::Words;

/// Which way a column is sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Smallest first.
    Rising,
    /// Largest first.
    Falling,
}

/// A column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its head.
    pub head: String,
    /// The unit of its numbers, below the head.
    pub unit: Option<String>,
    /// Whether it holds numbers, which then stand in line.
    pub number: bool,
    /// Where a press on the head leads, for a column that sorts.
    pub sort: Option<String>,
    /// How the table is sorted by this column now.
    pub sorted: Option<Order>,
}

impl Column {
    /// A column of words.
    pub fn words(head: impl Into<String>) -> Column {
        Column { head: head.into(), ..Column::default() }
    }

    /// A column of numbers.
    pub fn numbers(head: impl Into<String>, unit: impl Into<String>) -> Column {
        let unit = Some(unit.into()).filter(|unit| !unit.is_empty());
        Column { head: head.into(), unit, number: true, ..Column::default() }
    }

    /// The same, sorted by a press on its head.
    pub fn sorts(self, href: impl Into<String>, sorted: Option<Order>) -> Column {
        Column { sort: Some(href.into()), sorted, ..self }
    }
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows; read before it.
    pub caption: String,
    /// Whether the caption is for screen readers only, because a heading says it.
    pub quiet_caption: bool,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; the first cell names the row.
    pub rows: Vec<Vec<Markup>>,
    /// What is said when there are no rows.
    pub empty: String,
}

impl Table {
    /// The table, in a frame that scrolls by itself where the screen is narrow.
    pub fn html(&self, words: &Words) -> Markup {
        html! {
            @if self.rows.is_empty() {
                (empty(Icon::Notice, &self.caption, &self.empty, html! {}))
            } @else {
                div.table-frame role="region" aria-label=(self.caption) tabindex="0" {
                    table {
                        caption class=[self.quiet_caption.then_some("hidden")] { (self.caption) }
                        thead { tr { @for column in &self.columns { (self.head(words, column)) } } }
                        tbody {
                            @for row in &self.rows {
                                tr {
                                    @for (n, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
                                        @if n == 0 { th scope="row" .number[column.number] { (cell) } }
                                        @else { td.number[column.number] data-head=(column.head) { (cell) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn head(&self, words: &Words, column: &Column) -> Markup {
        let sort = column.sorted.map(|order| match order {
            Order::Rising => "ascending",
            Order::Falling => "descending",
        });
        html! {
            th scope="col" .number[column.number] aria-sort=[sort] {
                @if let Some(href) = &column.sort {
                    a.sort href=(href) title=(words.say("table-sort")) {
                        (column.head)
                        @match column.sorted {
                            Some(Order::Rising) => (icon(Icon::Up)),
                            Some(Order::Falling) => (icon(Icon::Down)),
                            None => {}
                        }
                    }
                } @else { (column.head) }
                @if let Some(unit) = &column.unit { span.head-unit dir="ltr" { (unit) } }
            }
        }
    }
}

/// Where there is nothing yet: says so, and what would bring something.
pub fn empty(sign: Icon, title: &str, body: impl Render, acts: Markup) -> Markup {
    html! { div.empty { (icon(sign)) p.empty-title { (title) } div { (body) } div.row { (acts) } } }
}

/// Which page of a list is shown, and the way to the others.
pub fn pages(words: &Words, page: usize, count: usize, href: &dyn Fn(usize) -> String) -> Markup {
    html! {
        @if count > 1 {
            nav.pages aria-label=(words.say("pages-label")) {
                @if page > 1 { a.button.is-quiet rel="prev" href=(href(page - 1)) { (icon(Icon::Back)) span { (words.say("pages-before")) } } }
                ol {
                    @for n in shown(page, count) {
                        @match n {
                            Some(n) if n == page => li { a aria-current="page" href=(href(n)) { (n) } },
                            Some(n) => li { a href=(href(n)) { (n) } },
                            None => li aria-hidden="true" { "…" }
                        }
                    }
                }
                @if page < count { a.button.is-quiet rel="next" href=(href(page + 1)) { span { (words.say("pages-after")) } (icon(Icon::Onward)) } }
            }
        }
    }
}

/// The first, the last and those around this one; `None` for a gap.
fn shown(page: usize, count: usize) -> Vec<Option<usize>> {
    let near = |n: &usize| *n == 1 || *n == count || n.abs_diff(page) <= 1;
    let mut all = Vec::new();
    for n in (1..=count).filter(near) {
        if all.last().copied().flatten().is_some_and(|last: usize| last + 1 < n) {
            all.push(None);
        }
        all.push(Some(n));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, Language};

    #[test]
    fn a_sorted_column_says_so_to_eyes_and_to_screen_readers() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let table = Table {
            caption: "Pumps".to_owned(),
            columns: vec![
                Column::words("Patient").sorts("?sort=patient", None),
                Column::numbers("Left", "mL").sorts("?sort=-left", Some(Order::Rising)),
            ],
            rows: vec![vec![html! { "Demo" }, html! { "3.2" }]],
            ..Table::default()
        };
        let html = table.html(all.of(Language::English)).into_string();
        assert!(html.contains("aria-sort=\"ascending\"") && html.contains("scope=\"row\""));
        assert!(html.contains("<caption>Pumps</caption>"));
    }

    #[test]
    fn an_empty_table_is_a_sentence_and_no_empty_frame() {
        let all = Catalogue::new(&[], &[]).unwrap();
        let table = Table { caption: "Alarms".to_owned(), empty: "No alarm is active.".to_owned(), ..Table::default() };
        let html = table.html(all.of(Language::English)).into_string();
        assert!(html.contains("No alarm is active.") && !html.contains("<table"));
    }

    #[test]
    fn long_lists_show_the_ends_and_the_neighbours() {
        assert_eq!(shown(1, 3), [Some(1), Some(2), Some(3)]);
        assert_eq!(shown(6, 12), [Some(1), None, Some(5), Some(6), Some(7), None, Some(12)]);
    }
}
