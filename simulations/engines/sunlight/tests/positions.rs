//! Positions of the sun over France and its territories beside those of pvlib.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::path::Path;

use twin_sunlight::{Place, sun_position};

#[test]
fn the_sun_stands_where_pvlib_puts_it_to_a_thousandth_of_a_degree() {
    let Some(root) = std::env::var_os("TWIN_DATA") else { return };
    let path = Path::new(&root).join("heat/sun/pvlib_spa_france.csv");
    let mut worst = [0.0f64; 2];
    for record in csv::Reader::from_path(path).unwrap().records() {
        let record = record.unwrap();
        let number = |k: usize| record[k].parse::<f64>().unwrap();
        let place = Place::new(number(1), number(2), number(3));
        let sun = sun_position(record[4].parse().unwrap(), &place).unwrap();
        // Below the horizon refraction has no meaning; both leave it out.
        let zenith = (sun.zenith() - number(5)).abs();
        let across = ((sun.azimuth - number(9) + 540.0).rem_euclid(360.0) - 180.0).abs();
        worst = [worst[0].max(zenith), worst[1].max(across * number(6).to_radians().sin())];
    }
    println!("zenith at most {:.6}°, azimuth {:.6}° of arc", worst[0], worst[1]);
    assert!(worst[0] <= 0.001 && worst[1] <= 0.001, "{worst:?}");
}
