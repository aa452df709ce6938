//! Expected annual damage, and costs and benefits over the years.
//!
//! The expected annual damage (*dommage moyen annuel*, DMA) is the integral of the damage over the
//! yearly probability of exceedance `p = 1/T`, taken by trapezoids between the events studied:
//! `Σ ½ (Dᵢ + Dᵢ₊₁)(pᵢ − pᵢ₊₁)`. Events rarer than the rarest one count with its damage. Between the
//! return period below which nothing is damaged, where that is known, and the most frequent event
//! the damage rises linearly; where it is not known, what happens there is left out, and the sum is
//! a lower bound (CGDD 2018, *Analyse multicritère des projets de prévention des inondations*,
//! guide méthodologique, annexe on the DMA).
//!
//! Amounts of later years are discounted: a yearly amount `a` over `n` years at the rate `r` is worth
//! `a (1 − (1 + r)⁻ⁿ) / r` today.

/// Damage of an event and its return period in years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventDamage {
    /// Return period, years.
    pub return_period_years: f64,
    /// Damage, euros.
    pub damage_eur: f64,
}

/// Expected annual damage, euros a year; `None` without events.
///
/// `first_damage_years`: return period below which nothing is damaged, where it is known.
pub fn expected_annual_damage(
    events: &[EventDamage],
    first_damage_years: Option<f64>,
) -> Option<f64> {
    let mut points: Vec<(f64, f64)> =
        events.iter().map(|e| (1.0 / e.return_period_years, e.damage_eur)).collect();
    let frequent = points.iter().map(|p| p.0).reduce(f64::max)?;
    points.extend(first_damage_years.map(|t| (1.0 / t, 0.0)).filter(|first| first.0 > frequent));
    points.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1)));
    let between: f64 = points.windows(2).map(|w| 0.5 * (w[0].1 + w[1].1) * (w[0].0 - w[1].0)).sum();
    let (rarest, damage) = *points.last()?;
    Some(between + rarest * damage)
}

/// What a yearly amount over some years is worth today.
pub fn present_value(yearly: f64, discount_rate: f64, years: u32) -> f64 {
    if discount_rate == 0.0 {
        return yearly * f64::from(years);
    }
    yearly * (1.0 - (1.0 + discount_rate).powf(-f64::from(years))) / discount_rate
}

/// Costs and benefits of an action over the years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Damage that it avoids, euros a year (*dommage moyen annuel évité*).
    pub avoided_eur_per_year: f64,
    /// Investment and upkeep, worth today, euros.
    pub cost_eur: f64,
    /// Avoided damage, worth today, euros.
    pub benefit_eur: f64,
}

impl Balance {
    /// From yearly amounts.
    pub fn new(
        avoided_eur_per_year: f64,
        investment_eur: f64,
        upkeep_eur_per_year: f64,
        discount_rate: f64,
        years: u32,
    ) -> Self {
        Self {
            avoided_eur_per_year,
            cost_eur: investment_eur + present_value(upkeep_eur_per_year, discount_rate, years),
            benefit_eur: present_value(avoided_eur_per_year, discount_rate, years),
        }
    }

    /// Net present value (*valeur actualisée nette*), euros.
    pub fn net_present_value_eur(&self) -> f64 {
        self.benefit_eur - self.cost_eur
    }

    /// Benefit over cost; `None` of an action without cost.
    pub fn benefit_cost_ratio(&self) -> Option<f64> {
        (self.cost_eur > 0.0).then(|| self.benefit_eur / self.cost_eur)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(return_period_years: f64, damage_eur: f64) -> EventDamage {
        EventDamage { return_period_years, damage_eur }
    }

    /// Damage linear in the probability has a closed form, which trapezoids hit exactly.
    #[test]
    fn damage_linear_in_probability_is_integrated_exactly() {
        let (first, largest) = (0.2, 8e6);
        let damage = |p: f64| largest * (1.0 - p / first);
        let periods = [10.0, 30.0, 100.0, 1000.0];
        let events: Vec<_> = periods.iter().map(|t| event(*t, damage(1.0 / t))).collect();
        let rarest = 1.0 / 1000.0;
        let exact = largest * ((first - rarest) - (first.powi(2) - rarest.powi(2)) / (2.0 * first))
            + rarest * damage(rarest);
        let found = expected_annual_damage(&events, Some(5.0)).unwrap();
        assert!((found - exact).abs() < 1e-9 * exact, "{found} {exact}");
    }

    #[test]
    fn order_does_not_matter_and_one_event_counts_for_all_rarer_ones() {
        let ordered = [event(10.0, 1e6), event(100.0, 5e6)];
        let reversed = [event(100.0, 5e6), event(10.0, 1e6)];
        let found = expected_annual_damage(&ordered, None);
        assert_eq!(found, expected_annual_damage(&reversed, None));
        let exact = 0.5 * 6e6 * 0.09 + 5e6 * 0.01;
        assert!((found.unwrap() - exact).abs() < 1e-9 * exact);
        assert_eq!(expected_annual_damage(&[event(50.0, 1e6)], None), Some(2e4));
        assert_eq!(expected_annual_damage(&[], None), None);
    }

    #[test]
    fn the_present_value_is_the_sum_of_the_discounted_years() {
        let (rate, years) = (0.025f64, 50);
        let sum: f64 = (1..=years).map(|n| 1000.0 / (1.0 + rate).powi(n)).sum();
        assert!((present_value(1000.0, rate, 50) - sum).abs() < 1e-8);
        assert_eq!(present_value(10.0, 0.0, 50), 500.0);
        let balance = Balance::new(1000.0, 20_000.0, 100.0, rate, 50);
        assert!((balance.net_present_value_eur() - (0.9 * sum - 20_000.0)).abs() < 1e-7);
        assert!(balance.benefit_cost_ratio().is_some_and(|r| r > 1.0));
    }
}
