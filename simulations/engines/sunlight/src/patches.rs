//! The sky as 153 patches of about equal solid angle (eight bands of 12°, the uppermost a cap; Robinson & Stone
//! 2004, as Wallenberg et al. 2020, doi:10.5194/gmd-13-5621-2020, use it), and its luminance.

/// Number of patches.
pub const COUNT: usize = 153;
/// Altitude of the middle of each band, number of its patches and azimuth of the first, degrees.
const BANDS: [(f64, u32, f64); 8] = [
    (6.0, 31, 0.0),
    (18.0, 30, 4.0),
    (30.0, 28, 2.0),
    (42.0, 24, 5.0),
    (54.0, 19, 8.0),
    (66.0, 13, 0.0),
    (78.0, 7, 10.0),
    (90.0, 1, 0.0),
];
/// Half the height of a band, degrees.
const HALF_BAND: f64 = 6.0;

/// A patch of the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patch {
    /// Of its middle, degrees clockwise from north.
    pub azimuth: f64,
    /// Of its middle, degrees.
    pub altitude: f64,
    /// Width in azimuth, degrees.
    pub width: f64,
    /// Lowest and highest altitude, degrees.
    pub range: [f64; 2],
}

impl Patch {
    /// All patches, from the horizon up.
    pub fn all() -> Vec<Self> {
        let of_band = |(altitude, count, first): (f64, u32, f64)| {
            let width = 360.0 / f64::from(count);
            let range = [altitude - HALF_BAND, (altitude + HALF_BAND).min(90.0)];
            (0..count).map(move |k| Self {
                azimuth: (first + f64::from(k) * width) % 360.0,
                altitude,
                width,
                range,
            })
        };
        BANDS.into_iter().flat_map(of_band).collect()
    }

    /// Part of the whole in a sky view factor of a horizontal plane (weighed by the cosine of the zenith
    /// angle): all patches make 1.
    pub fn planar_weight(&self) -> f64 {
        let square = |altitude: f64| altitude.to_radians().sin().powi(2);
        self.width / 360.0 * (square(self.range[1]) - square(self.range[0]))
    }

    /// Solid angle, sr; all patches make 2π.
    pub fn solid_angle(&self) -> f64 {
        let sine = |altitude: f64| altitude.to_radians().sin();
        self.width.to_radians() * (sine(self.range[1]) - sine(self.range[0]))
    }

    /// Share of it within the half of the sky around an azimuth (degrees), 0 to 1.
    pub fn share_in_half(&self, azimuth: f64) -> f64 {
        if self.range[1] >= 90.0 && self.width >= 360.0 {
            return 0.5;
        }
        // Degrees from the middle of the half to that of the patch.
        let off = ((self.azimuth - azimuth + 540.0) % 360.0 - 180.0).abs();
        ((90.0 + 0.5 * self.width - off) / self.width).clamp(0.0, 1.0)
    }
}

/// Coefficients of Perez, Seals & Michalsky 1993 (doi:10.1016/0038-092X(93)90017-I), table 1: by bin of
/// clearness the coefficients 1 to 4 of a, b, c, d and e.
const PEREZ: [[[f64; 4]; 5]; 8] = [
    [
        [1.3525, -0.2576, -0.269, -1.4366],
        [-0.767, 0.0007, 1.2734, -0.1233],
        [2.8, 0.6004, 1.2375, 1.0],
        [1.8734, 0.6297, 0.9738, 0.2809],
        [0.0356, -0.1246, -0.5718, 0.9938],
    ],
    [
        [-1.2219, -0.773, 1.4148, 1.1016],
        [-0.2054, 0.0367, -3.9128, 0.9156],
        [6.975, 0.1774, 6.4477, -0.1239],
        [-1.5798, -0.5081, -1.7812, 0.108],
        [0.2624, 0.0672, -0.219, -0.4285],
    ],
    [
        [-1.1, -0.2515, 0.8952, 0.0156],
        [0.2782, -0.1812, -4.5, 1.1766],
        [24.7219, -13.0812, -37.7, 34.8438],
        [-5.0, 1.5218, 3.9229, -2.6204],
        [-0.0156, 0.1597, 0.4199, -0.5562],
    ],
    [
        [-0.5484, -0.6654, -0.2672, 0.7117],
        [0.7234, -0.6219, -5.6812, 2.6297],
        [33.3389, -18.3, -62.25, 52.0781],
        [-3.5, 0.0016, 1.1477, 0.1062],
        [0.4659, -0.3296, -0.0876, -0.0329],
    ],
    [
        [-0.6, -0.3566, -2.5, 2.325],
        [0.2937, 0.0496, -5.6812, 1.8415],
        [21.0, -4.7656, -21.5906, 7.2492],
        [-3.5, -0.1554, 1.4062, 0.3988],
        [0.0032, 0.0766, -0.0656, -0.1294],
    ],
    [
        [-1.0156, -0.367, 1.0078, 1.4051],
        [0.2875, -0.5328, -3.85, 3.375],
        [14.0, -0.9999, -7.1406, 7.5469],
        [-3.4, -0.1078, -1.075, 1.5702],
        [-0.0672, 0.4016, 0.3017, -0.4844],
    ],
    [
        [-1.0, 0.0211, 0.5025, -0.5119],
        [-0.3, 0.1922, 0.7023, -1.6317],
        [19.0, -5.0, 1.2438, -1.9094],
        [-4.0, 0.025, 0.3844, 0.2656],
        [1.0468, -0.3788, -2.4517, 1.4656],
    ],
    [
        [-1.05, 0.0289, 0.426, 0.359],
        [-0.325, 0.1156, 0.7781, 0.0025],
        [31.0625, -14.5, -46.1148, 55.375],
        [-7.2312, 0.405, 13.35, 0.6234],
        [1.5, -0.6426, 1.8564, 0.5636],
    ],
];
/// Upper bounds of the bins of clearness.
const CLEARNESS: [f64; 7] = [1.065, 1.230, 1.500, 1.950, 2.800, 4.500, 6.200];

/// Share of the diffuse radiation of the horizontal that each patch sends, by the all-weather model of Perez et
/// al. 1993: with all patches seen they make 1. `direct` and `diffuse` in W/m², `extraterrestrial` on the
/// horizontal.
pub fn luminance(
    patches: &[Patch],
    sun: &crate::Sun,
    direct: f64,
    diffuse: f64,
    extraterrestrial: f64,
) -> Vec<f64> {
    let isotropic = || patches.iter().map(Patch::planar_weight).collect::<Vec<f64>>();
    if diffuse <= 0.0 || !sun.is_up() || extraterrestrial <= 0.0 {
        return isotropic();
    }
    let zenith = sun.zenith().to_radians();
    let cubed = 1.041 * zenith.powi(3);
    let clearness = ((diffuse + direct) / diffuse + cubed) / (1.0 + cubed);
    // Brightness: air mass times diffuse over extraterrestrial normal radiation.
    let cosine = zenith.cos();
    let mass = 1.0 / (cosine + 0.15 * (93.885 - sun.zenith()).max(1.0).powf(-1.253));
    let brightness = (mass * diffuse * cosine / extraterrestrial).clamp(0.01, 0.6);
    let bin = CLEARNESS.iter().filter(|bound| clearness >= **bound).count();
    // Perez et al. bound the brightness in clear bins to keep the model positive.
    let brightness = if bin > 0 && bin < 6 { brightness.max(0.2) } else { brightness };
    let of = |[p1, p2, p3, p4]: [f64; 4]| p1 + p2 * zenith + brightness * (p3 + p4 * zenith);
    let [a, b, c, d, e] = PEREZ[bin].map(of);
    let (c, d) = if bin == 0 {
        let [[c1, c2, c3, c4], [d1, d2, d3, d4]] = [PEREZ[0][2], PEREZ[0][3]];
        let c = (brightness * (c1 + c2 * zenith)).powf(c3).exp() - c4;
        let d = -(brightness * (d1 + d2 * zenith)).exp() + d3 + brightness * d4;
        (c, d)
    } else {
        (c, d)
    };
    let relative = |patch: &Patch| {
        let angle = angle_to(patch, sun);
        // The lowest band is seen at its middle: the horizon itself has no finite air mass.
        let from_zenith = (90.0 - patch.altitude).to_radians();
        let gradation = 1.0 + a * (b / from_zenith.cos()).exp();
        let halo = 1.0 + c * (d * angle).exp() + e * angle.cos().powi(2);
        (gradation * halo).max(0.0) * patch.planar_weight()
    };
    let shares: Vec<f64> = patches.iter().map(relative).collect();
    let sum: f64 = shares.iter().sum();
    if sum.is_finite() && sum > 0.0 {
        shares.into_iter().map(|share| share / sum).collect()
    } else {
        isotropic()
    }
}

/// Angle between the middle of a patch and the sun, radians.
fn angle_to(patch: &Patch, sun: &crate::Sun) -> f64 {
    let (a, b) = (patch.altitude.to_radians(), sun.altitude.to_radians());
    let across = (patch.azimuth - sun.azimuth).to_radians();
    (a.sin() * b.sin() + a.cos() * b.cos() * across.cos()).clamp(-1.0, 1.0).acos()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use super::*;
    use crate::Sun;

    #[test]
    fn patches_make_the_whole_sky_in_every_measure() {
        let patches = Patch::all();
        assert_eq!(patches.len(), COUNT);
        let sum = |of: &dyn Fn(&Patch) -> f64| patches.iter().map(of).sum::<f64>();
        assert!((sum(&Patch::planar_weight) - 1.0).abs() < 1e-12);
        assert!((sum(&Patch::solid_angle) - TAU).abs() < 1e-9);
        for azimuth in [0.0, 90.0, 180.0, 270.0] {
            let half = sum(&|p| p.share_in_half(azimuth) * p.planar_weight());
            assert!((half - 0.5).abs() < 1e-12, "{azimuth}: {half}");
        }
    }

    #[test]
    fn shares_of_the_sky_add_up_and_are_brightest_around_the_sun() {
        let patches = Patch::all();
        let sun = Sun { azimuth: 200.0, altitude: 40.0 };
        for (direct, diffuse) in [(800.0, 80.0), (300.0, 250.0), (0.0, 120.0), (5.0, 300.0)] {
            let shares = luminance(&patches, &sun, direct, diffuse, 880.0);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(shares.iter().all(|s| *s >= 0.0));
        }
        let clear = luminance(&patches, &sun, 800.0, 80.0, 880.0);
        let radiance = |k: usize| clear[k] / patches[k].planar_weight();
        let brightest = (0..COUNT).max_by(|a, b| radiance(*a).total_cmp(&radiance(*b))).unwrap();
        assert!(
            angle_to(&patches[brightest], &sun) < 12.0 * PI / 180.0,
            "{:?}",
            patches[brightest]
        );
        // A thick cloud is brighter at the zenith than at the horizon.
        let cloud = luminance(&patches, &sun, 0.0, 120.0, 880.0);
        let of = |k: usize| cloud[k] / patches[k].planar_weight();
        assert!(of(COUNT - 1) > of(0));
    }
}
