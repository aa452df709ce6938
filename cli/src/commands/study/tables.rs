//! The tables and sentences of a study: actions beside each other, costs and benefits.

use twin_core::Language;
use twin_core::export::report::{Cell, Table};
use twin_core::export::wording;
use twin_core::language::Text;
use twin_core::results::Indicator;
use twin_core::study::economy::{Balance, EventDamage, expected_annual_damage};

use super::compose::{Composed, Computed, in_order};

/// Changes told in a sentence.
const MOST_CHANGES: usize = 3;

/// What an action costs and avoids.
pub(super) struct Weighed {
    pub(super) action: String,
    pub(super) annual_damage_eur: f64,
    /// `None` of the reference.
    pub(super) balance: Option<Balance>,
}

impl Computed<'_> {
    /// A figure as text: the value with the range of its sensitivity runs or draws.
    fn told(&self, id: &str, language: Language) -> String {
        let Some(row) = self.indicators.get(id) else { return "–".to_owned() };
        let Some(value) = row.value else { return "–".to_owned() };
        let unit = unit_of(row, language);
        let write = |v: f64| scaled(v, row, language);
        match self.range(id) {
            Some([low, high]) if low < high => {
                format!("{} ({} – {}){unit}", write(value), write(low), write(high))
            }
            _ => format!("{}{unit}", write(value)),
        }
    }

    /// Smallest and largest value: of the study's draws, else of those of the damage, else of the sensitivity
    /// runs.
    fn range(&self, id: &str) -> Option<[f64; 2]> {
        if let Some(range) = self.drawn_range(id) {
            return Some(range);
        }
        let drawn = |q: &str| self.indicators.get(&format!("{id}_{q}"))?.value;
        if let (Some(low), Some(high)) = (drawn("p05"), drawn("p95")) {
            return Some([low, high]);
        }
        let row = self.ranges.iter().flat_map(|s| &s.rows).find(|row| row.id == id)?;
        Some([row.min, row.max])
    }

    fn value(&self, id: &str) -> Option<f64> {
        self.indicators.get(id)?.value
    }
}

impl Composed<'_> {
    /// Cells of each circumstance in turn.
    pub(super) fn by_circumstances(&self) -> Vec<(Text, Vec<&Computed<'_>>)> {
        let mut groups: Vec<(Text, Vec<&Computed<'_>>)> = Vec::new();
        for cell in &self.cells {
            let of = self.circumstances(cell);
            match groups.iter_mut().find(|(known, _)| *known == of) {
                Some((_, cells)) => cells.push(cell),
                None => groups.push((of, vec![cell])),
            }
        }
        groups
    }

    /// The headline figures of every action, one table for each circumstance.
    pub(super) fn overview(&self, language: Language) -> Vec<Table> {
        let mut tables = Vec::new();
        for (circumstances, cells) in self.by_circumstances() {
            let title = language.pick("Ce que changent les actions", "What the actions change");
            let of = circumstances.get(language);
            let title = if of.is_empty() { title.to_owned() } else { format!("{title} – {of}") };
            tables.push(self.table(title, &headlines(&cells), &cells, language));
        }
        tables
    }

    /// All figures of every action.
    pub(super) fn detail_tables(&self, language: Language) -> Vec<Table> {
        let mut tables = Vec::new();
        for (circumstances, cells) in self.by_circumstances() {
            for group in &cells[0].indicators.groups {
                let ids: Vec<&str> = group.rows.iter().map(|r| r.id.as_str()).collect();
                let of = circumstances.get(language);
                let title = group.title.get(language);
                let title =
                    if of.is_empty() { title.to_owned() } else { format!("{title} – {of}") };
                tables.push(self.table(title, &ids, &cells, language));
            }
        }
        tables
    }

    fn table(
        &self,
        title: String,
        ids: &[&str],
        cells: &[&Computed<'_>],
        language: Language,
    ) -> Table {
        let mut headers = vec![language.pick("Indicateur", "Indicator").to_owned()];
        headers.extend(cells.iter().map(|cell| {
            let name = self.action(cell).get(language).to_owned();
            match self.is_reference(cell) {
                true => format!("{name} ({})", language.pick("référence", "reference")),
                false => name,
            }
        }));
        let mut table = Table::new(title, headers);
        for id in ids {
            let label = cells.iter().find_map(|c| c.indicators.get(id)).map(|row| &row.label);
            let Some(label) = label else { continue };
            let mut row = vec![Cell::from(label.get(language))];
            row.extend(cells.iter().map(|cell| Cell::Figure(cell.told(id, language))));
            table.rows.push(row);
        }
        table
    }

    /// The study in a few sentences.
    pub(super) fn key_messages(&self) -> Vec<Text> {
        let mut told = Vec::new();
        for (circumstances, cells) in self.by_circumstances() {
            for cell in cells.iter().filter(|cell| !self.is_reference(cell)) {
                let Some(reference) = self.reference_of(cell) else { continue };
                let sentence = |l: Language| self.sentence(cell, reference, &circumstances, l);
                if let (Some(fr), Some(en)) = (sentence(Language::Fr), sentence(Language::En)) {
                    told.push(Text::new(fr, en));
                }
            }
        }
        for weighed in self.weighed(central_damage) {
            let Some(balance) = weighed.balance else { continue };
            let name = &self.study.actions[&weighed.action].title;
            let sentence = |l: Language| {
                let thousands = |eur: f64| l.number((eur.abs() / 1000.0).round(), 0);
                let (avoided, cost) = (balance.avoided_eur_per_year, balance.cost_eur);
                let ratio = balance.benefit_cost_ratio().filter(|r| *r >= 0.0);
                let ratio = ratio.map_or_else(String::new, |r| match l {
                    Language::Fr => format!(" (rapport bénéfice/coût {})", l.number(r, 2)),
                    Language::En => format!(" (benefit/cost ratio {})", l.number(r, 2)),
                });
                let (fewer, dearer) = (avoided >= 0.0, cost >= 0.0);
                match l {
                    Language::Fr => format!(
                        "{} : {} k€ de dommages {} par an, pour {} de {} k€{ratio}.",
                        name.fr,
                        thousands(avoided),
                        if fewer { "évités" } else { "supplémentaires" },
                        if dearer { "un coût actualisé" } else { "une économie actualisée" },
                        thousands(cost)
                    ),
                    Language::En => format!(
                        "{}: {} k€ of damage {} a year, for a discounted {} of {} k€{ratio}.",
                        name.en,
                        thousands(avoided),
                        if fewer { "avoided" } else { "added" },
                        if dearer { "cost" } else { "saving" },
                        thousands(cost)
                    ),
                }
            };
            told.push(Text::new(sentence(Language::Fr), sentence(Language::En)));
        }
        if told.is_empty() {
            for cell in &self.cells {
                told.extend(
                    in_order(&cell.runs).into_iter().flat_map(|run| self.exposed(cell, run)),
                );
            }
        }
        told
    }

    /// What stands in the water where nothing is compared.
    fn exposed(&self, cell: &Computed<'_>, run: &twin_core::results::FinishedRun) -> Option<Text> {
        let is_last = in_order(&cell.runs).last().is_some_and(|last| std::ptr::eq(*last, run));
        let (buildings, dwellings) =
            (cell.value("buildings_exposed")?, cell.value("dwellings_exposed"));
        let of = self.circumstances(cell);
        let sentence = |l: Language| {
            let n = |v: f64| l.number(v, 0);
            let dwellings = dwellings.map_or_else(|| "–".to_owned(), n);
            let of = of.get(l);
            let at = if of.is_empty() { String::new() } else { format!("{of} : ") };
            match l {
                Language::Fr => {
                    format!("{at}{} bâtiments atteints, {dwellings} logements.", n(buildings))
                }
                Language::En => {
                    format!("{at}{} buildings reached, {dwellings} dwellings.", n(buildings))
                }
            }
        };
        is_last.then(|| Text::new(sentence(Language::Fr), sentence(Language::En)))
    }

    fn sentence(
        &self,
        cell: &Computed<'_>,
        reference: &Computed<'_>,
        circumstances: &Text,
        l: Language,
    ) -> Option<String> {
        let change = |id: &str| Some((reference.value(id)?, cell.value(id)?));
        let mut parts = Vec::new();
        for (id, fr, en) in [
            ("buildings_exposed", "bâtiments atteints", "buildings reached"),
            ("dwellings_exposed", "logements", "dwellings"),
        ] {
            if let Some((before, after)) = change(id) {
                let n = |v: f64| l.number(v, 0);
                parts.push(match l {
                    Language::Fr => format!("{} {fr} au lieu de {}", n(after), n(before)),
                    Language::En => format!("{} {en} in place of {}", n(after), n(before)),
                });
            }
        }
        if let Some((before, after)) = change("damage_total") {
            let n = |v: f64| l.number(v / 1e6, 2);
            parts.push(match l {
                Language::Fr => format!("{} M€ de dommages au lieu de {}", n(after), n(before)),
                Language::En => format!("{} M€ of damage in place of {}", n(after), n(before)),
            });
        }
        let mut between = ", ";
        if parts.is_empty() {
            parts = self.changes_of_headlines(cell, reference, l);
            // Labels have commas of their own.
            between = l.pick(" ; ", "; ");
        }
        if parts.is_empty() {
            return None;
        }
        let of = circumstances.get(l);
        let at = if of.is_empty() { String::new() } else { format!(", {of}") };
        let name = self.action(cell);
        let colon = l.pick(" : ", ": ");
        Some(format!("{}{at}{colon}{}.", name.get(l), parts.join(between)))
    }

    /// The headline figures that an action changes, where no words of their own are known for them.
    fn changes_of_headlines(
        &self,
        cell: &Computed<'_>,
        reference: &Computed<'_>,
        l: Language,
    ) -> Vec<String> {
        let told = |row: &&Indicator| {
            let (before, after) = (reference.indicators.get(&row.id)?.value?, row.value?);
            let write = |v: f64| scaled(v, row, l);
            let (before, after) = (write(before), write(after));
            let (label, unit) = (row.label.get(l), unit_of(row, l));
            let of = l.pick("au lieu de", "in place of");
            (before != after).then(|| format!("{label} {after}{unit} {of} {before}"))
        };
        let headlines = cell.indicators.headlines();
        headlines.iter().filter_map(told).take(MOST_CHANGES).collect()
    }

    /// Expected annual damage, costs and benefits of the actions today by the damage of each cell; empty where
    /// they are not weighed or a damage is missing.
    pub(super) fn weighed(
        &self,
        damage_eur: impl Fn(&Computed<'_>) -> Option<f64>,
    ) -> Vec<Weighed> {
        let Some(economy) = &self.study.economy else { return Vec::new() };
        let horizon = self.cells[0].record.horizon.clone();
        let mut all = Vec::new();
        let mut of_reference = None;
        for action in self.study.action_names() {
            let cells = || {
                self.cells
                    .iter()
                    .filter(|c| c.record.action == action && c.record.horizon == horizon)
            };
            let damages: Option<Vec<EventDamage>> = cells()
                .filter_map(|cell| {
                    let event = self.study.events.get(cell.record.event.as_ref()?)?;
                    Some((cell, event.return_period_years?))
                })
                .map(|(cell, return_period_years)| {
                    let damage_eur = damage_eur(cell)?;
                    Some(EventDamage { return_period_years, damage_eur })
                })
                .collect();
            let annual =
                damages.and_then(|d| expected_annual_damage(&d, economy.first_damage_years));
            let Some(annual) = annual else { return Vec::new() };
            let is_reference = Some(action) == self.study.reference();
            let scenario = cells().next().map(|cell| &cell.combination.scenario);
            let costs = scenario.into_iter().flat_map(|s| s.measures.values());
            let costs = costs.filter_map(|m| m.cost.as_ref()).fold([0.0, 0.0], |sum, cost| {
                [sum[0] + cost.investment_eur, sum[1] + cost.yearly_eur]
            });
            if is_reference {
                of_reference = Some((annual, costs));
            }
            // What the reference costs is not spent.
            let balance = of_reference.filter(|_| !is_reference).map(|(before, spared)| {
                let (investment, yearly) = (costs[0] - spared[0], costs[1] - spared[1]);
                let (rate, years) = (economy.discount_rate, economy.years);
                Balance::new(before - annual, investment, yearly, rate, years)
            });
            all.push(Weighed { action: action.to_owned(), annual_damage_eur: annual, balance });
        }
        all
    }

    /// Costs and benefits.
    pub(super) fn economy_table(&self, language: Language) -> Option<Table> {
        let weighed = self.weighed(central_damage);
        let economy = self.study.economy.as_ref().filter(|_| !weighed.is_empty())?;
        let title = match language {
            Language::Fr => format!(
                "Coûts et bénéfices sur {} ans au taux de {} % ({})",
                economy.years,
                language.number(100.0 * economy.discount_rate, 1),
                economy.source
            ),
            Language::En => format!(
                "Costs and benefits over {} years at {} % ({})",
                economy.years,
                language.number(100.0 * economy.discount_rate, 1),
                economy.source
            ),
        };
        let mut table = Table::new(
            title,
            [
                language.pick("Action", "Action"),
                language.pick("Dommage moyen annuel (€/an)", "Expected annual damage (€/year)"),
                language.pick("Évité (€/an)", "Avoided (€/year)"),
                language.pick("Coût actualisé (€)", "Discounted cost (€)"),
                language.pick("Bénéfice actualisé (€)", "Discounted benefit (€)"),
                language.pick("Valeur actualisée nette (€)", "Net present value (€)"),
                language.pick("Bénéfice/coût", "Benefit/cost"),
            ],
        );
        let thousand = |eur: f64| Cell::Number((eur / 1000.0).round() * 1000.0, 0);
        for action in &weighed {
            let name = self.study.actions[&action.action].title.get(language);
            let mut row = vec![Cell::from(name), thousand(action.annual_damage_eur)];
            match &action.balance {
                None => row.extend((0..5).map(|_| Cell::Figure("–".to_owned()))),
                Some(balance) => {
                    row.push(thousand(balance.avoided_eur_per_year));
                    row.push(thousand(balance.cost_eur));
                    row.push(thousand(balance.benefit_eur));
                    row.push(thousand(balance.net_present_value_eur()));
                    row.push(
                        balance
                            .benefit_cost_ratio()
                            .map_or_else(|| Cell::Figure("–".to_owned()), |r| Cell::Number(r, 2)),
                    );
                }
            }
            table.rows.push(row);
        }
        Some(table)
    }

    /// What went into the combinations.
    pub(super) fn parameters(&self, language: Language) -> Table {
        let mut table = Table::new(
            language.pick("Paramètres", "Parameters"),
            [
                language.pick("Calcul", "Run"),
                language.pick("Clé", "Key"),
                language.pick("Valeur", "Value"),
            ],
        );
        let mut known: Vec<(String, String, String)> = Vec::new();
        for cell in &self.cells {
            for run in in_order(&cell.runs) {
                let manifest = &run.manifest;
                let mut all = twin_core::results::comparison::flattened(&manifest.parameters);
                let measures = serde_json::json!({ "measures": manifest.measures });
                all.extend(twin_core::results::comparison::flattened(&measures));
                for (key, value) in all {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    let row = (manifest.run.clone(), key, value);
                    if row.1 != "measures" && !known.contains(&row) {
                        known.push(row);
                    }
                }
            }
        }
        for (run, key, value) in known {
            table.push([run, key, value]);
        }
        table
    }

    /// Programs, grids and water balances of all runs.
    pub(super) fn versions(&self, language: Language) -> Table {
        let mut table = Table::new(
            language.pick("Calculs", "Runs"),
            [
                language.pick("Combinaison", "Combination"),
                language.pick("Calcul", "Run"),
                language.pick("Version", "Version"),
                language.pick("Maille (m)", "Cell (m)"),
                language.pick("Erreur de bilan", "Balance error"),
                language.pick("Empreinte", "Hash"),
            ],
        );
        for cell in &self.cells {
            for run in in_order(&cell.runs) {
                let manifest = &run.manifest;
                let error = manifest.budget.map(|b| format!("{:.0e}", b.relative_error()));
                table.push([
                    Cell::from(cell.record.scenario.as_str()),
                    Cell::from(manifest.run.as_str()),
                    Cell::from(manifest.simulation_version.as_str()),
                    Cell::Number(manifest.grid.cell_size, 1),
                    Cell::from(error.unwrap_or_else(|| "–".to_owned())),
                    Cell::from(manifest.hash.as_str()),
                ]);
            }
        }
        table
    }

    /// All figures of all combinations, one row each, for a spreadsheet.
    pub(super) fn csv(&self, language: Language) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut csv = String::from(language.pick(
            "action;evenement;horizon;identifiant;indicateur;valeur;unite\n",
            "action;event;horizon;identifier;indicator;value;unit\n",
        ));
        for cell in &self.cells {
            let names = [
                cell.record.action.clone(),
                cell.record.event.clone().unwrap_or_default(),
                cell.record.horizon.clone().unwrap_or_default(),
            ];
            for row in cell.indicators.groups.iter().flat_map(|g| &g.rows) {
                let value = row.value.map_or_else(String::new, |v| {
                    let text = format!("{v:.*}", usize::from(row.decimals));
                    if language == Language::Fr { text.replace('.', ",") } else { text }
                });
                csv.push_str(&format!(
                    "{};{};{};{value};{}\n",
                    names.join(";"),
                    row.id,
                    quoted(row.label.get(language)),
                    row.unit
                ));
            }
        }
        csv
    }
}

/// Identifiers of the headline figures of any of some cells, in the order of the first that has them.
pub(super) fn headlines<'c>(cells: &[&'c Computed<'_>]) -> Vec<&'c str> {
    let mut ids: Vec<&str> = Vec::new();
    for row in cells.iter().flat_map(|cell| cell.indicators.headlines()) {
        if !ids.contains(&row.id.as_str()) {
            ids.push(&row.id);
        }
    }
    ids
}

/// Damage with the central values.
fn central_damage(cell: &Computed<'_>) -> Option<f64> {
    cell.value("damage_total")
}

pub(super) fn unit_of(row: &Indicator, language: Language) -> String {
    let unit = match row.unit.as_str() {
        "EUR" => "M€".to_owned(),
        // Inhabitants are already in the label.
        "person" => String::new(),
        unit => wording::unit(unit, language),
    };
    if unit.is_empty() { unit } else { format!("\u{a0}{unit}") }
}

/// Euros in millions, all else as it is.
pub(super) fn scaled(value: f64, row: &Indicator, language: Language) -> String {
    match row.unit.as_str() {
        "EUR" => language.number(value / 1e6, 2),
        _ => language.number(value, usize::from(row.decimals)),
    }
}
