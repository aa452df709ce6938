//! Stages of the radiation of people and indices of comfort beside arrays of UMEP and solweig, from the same inputs.
//!
//! The arrays lie in `heat/` of the folder that `TWIN_DATA` names; without it these tests pass unseen.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

#[path = "../../engines/sunlight/tests/arrays/mod.rs"]
mod arrays;

use arrays::{array, data, member};
use twin_heat::comfort::{Environment, Person, pet, utci_all};
use twin_heat::radiation::isotropic::{HalfSky, LongWave, ShortWave};
use twin_heat::radiation::posture::{Absorption, Posture, Received, mean_radiant_temperature};

fn golden(name: &str) -> Option<Vec<f64>> {
    array(&format!("solweig_golden/{name}.npy"))
}

#[test]
fn radiation_from_the_side_is_that_of_umep() {
    // The constant with which the arrays were made.
    let (kelvin, sigma) = (25.0f64 + 273.15, 5.67e-8);
    let Some(crowns) = golden("svf_veg") else { return };
    for (side, half) in [("e", "svf_east"), ("s", "svf_south")] {
        let halves: Vec<HalfSky> = golden(half)
            .unwrap()
            .into_iter()
            .zip(&crowns)
            .map(|(buildings, crowns)| HalfSky {
                buildings,
                crowns: *crowns,
                crowns_before_buildings: *crowns,
            })
            .collect();
        let short = ShortWave {
            global: 800.0,
            diffuse: 200.0,
            wall_albedo: 0.2,
            shaded: 0.5,
            transmissivity: 0.5,
            up: 50.0,
        };
        // A sun in the south at noon lights no wall that an eye to the east or south sees.
        let long = LongWave {
            air: 25.0,
            sky_emissivity: 0.75 * 0.85 + 0.15,
            wall_emissivity: 0.9,
            down: 0.75 * sigma * kelvin.powi(4),
            up: 0.95 * sigma * kelvin.powi(4),
            wall_excess: 2.0,
            sunlit: (0.0, 1.0),
            facing: 0.0,
        };
        let worst = |known: &[f64], found: &dyn Fn(&HalfSky) -> f64| {
            // Where the inputs, one crown factor for all, make no sense, the arrays pass through zero.
            let relative = |(k, h): (&f64, &HalfSky)| ((found(h) - k) / k.abs().max(50.0)).abs();
            let off = known.iter().zip(&halves).map(relative);
            off.fold(0.0, f64::max)
        };
        let of_short =
            worst(&golden(&format!("radiation_kside_{side}")).unwrap(), &|h| short.side(h));
        let of_long =
            worst(&golden(&format!("radiation_lside_{side}")).unwrap(), &|h| long.side(h));
        println!(
            "side {side}: short-wave {of_short:.1e}, long-wave {of_long:.1e} at most, relative"
        );
        assert!(of_short <= 1e-3 && of_long <= 1e-3, "{of_short} {of_long}");
    }
}

#[test]
fn mean_radiant_temperature_is_that_of_umep() {
    let of = |name: &str| golden(&format!("tmrt_input_{name}"));
    let Some(short_down) = of("kdown") else { return };
    let [short_up, long_down, long_up] = ["kup", "ldown", "lup"].map(|n| of(n).unwrap());
    let sides = |kind: &str| -> Vec<f64> {
        let all = ["n", "e", "s", "w"].map(|side| of(&format!("{kind}side_{side}")).unwrap());
        (0..all[0].len()).map(|cell| all.iter().map(|side| side[cell]).sum()).collect()
    };
    let (short_sides, long_sides) = (sides("k"), sides("l"));
    let direct = of("kside_total").unwrap();
    let known = golden("tmrt_output_iso").unwrap();
    let mut worst = 0.0f64;
    for cell in 0..known.len() {
        let received = Received {
            direct_side: direct[cell],
            short_down: short_down[cell],
            short_up: short_up[cell],
            short_sides: short_sides[cell],
            long_down: long_down[cell],
            long_up: long_up[cell],
            long_sides: long_sides[cell],
        };
        let posture = Posture::STANDING;
        let found = mean_radiant_temperature(&received, &posture, &Absorption::default());
        worst = worst.max((found.clamp(-50.0, 80.0) - known[cell]).abs());
    }
    println!("mean radiant temperature: at most {worst:.1e} K");
    assert!(worst <= 0.01, "{worst}");
}

#[test]
fn utci_is_that_of_pythermalcomfort_and_umep() {
    let Some(path) = data("utci/pythermalcomfort_utci_2000.csv") else { return };
    let (mut given, mut known) = (Vec::new(), Vec::new());
    for record in csv::Reader::from_path(path).unwrap().records() {
        let record = record.unwrap();
        let number = |k: usize| record[k].parse::<f64>().unwrap();
        given.push(Environment {
            air: number(0),
            radiant: number(1),
            wind: number(2),
            humidity: number(3),
        });
        known.push(number(4));
    }
    let worst = |known: &[f64], found: &[f64]| {
        known.iter().zip(found).map(|(k, f)| (k - f).abs()).fold(0.0, f64::max)
    };
    let points = worst(&known, &utci_all(&given));
    let (radiant, wind) = (golden("utci_grid_tmrt").unwrap(), golden("utci_grid_va").unwrap());
    let given: Vec<Environment> = radiant
        .iter()
        .zip(&wind)
        .map(|(radiant, wind)| Environment {
            air: 25.0,
            radiant: *radiant,
            wind: *wind,
            humidity: 50.0,
        })
        .collect();
    let grid = worst(&golden("utci_grid_output").unwrap(), &utci_all(&given));
    println!("UTCI: {} points at most {points:.1e} K, grid {grid:.1e} K", known.len());
    assert!(points <= 1e-4 && grid <= 0.05, "{points} {grid}");
}

#[test]
fn pet_is_that_of_umep_to_a_tenth_of_a_degree() {
    let Some(radiant) = golden("pet_grid_tmrt") else { return };
    let wind = golden("pet_grid_va").unwrap();
    let known = golden("pet_grid_output").unwrap();
    let person = Person::default();
    let at =
        |air, humidity, radiant, wind| pet(&Environment { air, radiant, wind, humidity }, &person);
    let grid = (0..known.len())
        .map(|cell| (at(25.0, 50.0, radiant[cell], wind[cell]) - known[cell]).abs())
        .fold(0.0, f64::max);
    let points = member("solweig_golden/pet_single_point.npz", "inputs");
    let outputs = member("solweig_golden/pet_single_point.npz", "outputs");
    let single = points
        .chunks(4)
        .zip(&outputs)
        .map(|(p, known)| (at(p[0], p[1], p[2], p[3]) - known).abs())
        .fold(0.0, f64::max);
    println!("PET: grid at most {grid:.3} K, points {single:.3} K");
    assert!(grid <= 0.1 && single <= 0.1, "{grid} {single}");
}
