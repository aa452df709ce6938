//! Roof planes: region growing over the points of a roof.
//!
//! Every point has the plane of its 15 nearest neighbours (principal components; Weinmann et al. 2015).
//! Regions grow from the flattest points over neighbours that lie near the region's plane and face as it
//! does (Rabbani et al. 2006, *Segmentation of point clouds using smoothness constraint*), the plane
//! being fitted again as they grow. Regions that are one plane are merged. Limits are counts and
//! distances, never a clock: the same points give the same planes.

use std::collections::BTreeMap;

use nalgebra::{Matrix3, SymmetricEigen};

use super::neighbours::Neighbours;

/// Neighbours that make the plane of a point.
const NEIGHBOURS: usize = 15;
/// Neighbours in plan over which regions touch.
const BESIDE: usize = 8;
/// Distance from the plane of a region within which points belong to it, m.
const NEAR_M: f64 = 0.25;
/// Cosine of the angle by which the plane of a point may differ from that of its region (30°).
const ALIKE: f64 = 0.866;
/// Steepest roof: beyond 75° it is a wall. Rise over run.
const STEEPEST: f64 = 3.73;
/// Fewest points of a plane.
const FEWEST_POINTS: usize = 12;
/// Smallest plane, m².
const SMALLEST_M2: f64 = 1.5;
/// Planes of so many points or fewer may be part of those beside them.
const SMALL_PLANE: usize = 60;
/// Planes that differ by less are one: angle (cosine of 3°) and distance, m.
const SAME_COSINE: f64 = 0.99863;
const SAME_M: f64 = 0.12;

/// Height over the local origin: `z = c + a x + b y`.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Plane {
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) c: f64,
}

impl Plane {
    pub(super) fn height(&self, x: f64, y: f64) -> f64 {
        self.c + self.a * x + self.b * y
    }

    /// Rise over run.
    pub(super) fn steepness(&self) -> f64 {
        self.a.hypot(self.b)
    }

    /// Unit normal, upwards.
    pub(super) fn normal(&self) -> [f64; 3] {
        let length = (1.0 + self.a * self.a + self.b * self.b).sqrt();
        [-self.a / length, -self.b / length, 1.0 / length]
    }

    /// Distance of a point at right angles to the plane, m; positive above.
    pub(super) fn distance(&self, p: &[f64; 3]) -> f64 {
        (p[2] - self.height(p[0], p[1])) * self.normal()[2]
    }
}

/// Planes of a roof and the one of each point.
#[derive(Debug)]
pub(super) struct Planes {
    pub(super) planes: Vec<Plane>,
    /// Position of the plane of each point.
    pub(super) of_point: Vec<Option<u32>>,
    /// Nearest neighbours in plan of each point.
    pub(super) beside: Vec<Vec<u32>>,
}

/// Sums of a set of points for the fit of a plane.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: f64,
    sum: [f64; 3],
    /// xx, xy, xz, yy, yz, zz.
    products: [f64; 6],
}

impl Moments {
    fn add(&mut self, [x, y, z]: [f64; 3]) {
        self.n += 1.0;
        for (sum, v) in self.sum.iter_mut().zip([x, y, z]) {
            *sum += v;
        }
        for (sum, v) in self.products.iter_mut().zip([x * x, x * y, x * z, y * y, y * z, z * z]) {
            *sum += v;
        }
    }

    fn centre(&self) -> [f64; 3] {
        self.sum.map(|s| s / self.n)
    }

    fn covariance(&self) -> Matrix3<f64> {
        let [x, y, z] = self.centre();
        let [xx, xy, xz, yy, yz, zz] = self.products.map(|p| p / self.n);
        let (xx, xy, xz) = (xx - x * x, xy - x * y, xz - x * z);
        let (yy, yz, zz) = (yy - y * y, yz - y * z, zz - z * z);
        Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz)
    }

    /// Unit normal (upwards) of the plane of least squares, and the variance across it.
    fn normal(&self) -> ([f64; 3], f64) {
        let eigen = SymmetricEigen::new(self.covariance());
        let smallest = eigen.eigenvalues.imin();
        let n = eigen.eigenvectors.column(smallest);
        let sign = if n[2] < 0.0 { -1.0 } else { 1.0 };
        ([n[0] * sign, n[1] * sign, n[2] * sign], eigen.eigenvalues[smallest].max(0.0))
    }

    /// The plane of least squares; `None` when it is upright.
    fn plane(&self) -> Option<Plane> {
        let ([nx, ny, nz], _) = self.normal();
        (nz > 1e-3).then(|| {
            let [x, y, z] = self.centre();
            let (a, b) = (-nx / nz, -ny / nz);
            Plane { a, b, c: z - a * x - b * y }
        })
    }
}

/// Finds the planes of a roof; `area_m2` is that of its footprint. At most `most` planes, the largest.
pub(super) fn find_planes(points: &[[f64; 3]], area_m2: f64, most: usize) -> Planes {
    let places = Neighbours::new(points);
    let around: Vec<Vec<u32>> = points
        .iter()
        .map(|p| {
            places
                .nearest([p[0], p[1]], NEIGHBOURS, |q| (0..3).map(|k| (p[k] - q[k]).powi(2)).sum())
        })
        .collect();
    let beside: Vec<Vec<u32>> = points
        .iter()
        .map(|p| {
            places.nearest([p[0], p[1]], BESIDE + 1, |q| {
                (p[0] - q[0]).powi(2) + (p[1] - q[1]).powi(2)
            })
        })
        .collect();
    let local: Vec<([f64; 3], f64)> = around
        .iter()
        .map(|near| {
            let mut moments = Moments::default();
            near.iter().for_each(|&i| moments.add(points[i as usize]));
            moments.normal()
        })
        .collect();
    let density = points.len() as f64 / area_m2.max(1.0);
    let fewest = FEWEST_POINTS.max((SMALLEST_M2 * density.min(40.0)) as usize);
    let mut seeds: Vec<u32> = (0..points.len() as u32).collect();
    seeds.sort_by(|a, b| local[*a as usize].1.total_cmp(&local[*b as usize].1).then(a.cmp(b)));
    let mut of_point: Vec<Option<u32>> = vec![None; points.len()];
    let mut regions: Vec<Vec<u32>> = Vec::new();
    let mut tried = vec![false; points.len()];
    let mut seen = vec![false; points.len()];
    for seed in seeds {
        if of_point[seed as usize].is_some() || tried[seed as usize] {
            continue;
        }
        let region = grow(points, &around, &local, &of_point, seed, &mut seen);
        for &i in &region {
            tried[i as usize] = true;
            seen[i as usize] = false;
        }
        if region.len() >= fewest {
            region.iter().for_each(|&i| of_point[i as usize] = Some(regions.len() as u32));
            regions.push(region);
        }
    }
    merge(points, &beside, &mut regions);
    regions.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
    regions.truncate(most);
    let fitted: Vec<(Plane, &Vec<u32>)> = regions
        .iter()
        .filter_map(|region| fit(points, region).map(|plane| (plane, region)))
        .filter(|(plane, _)| plane.steepness() <= STEEPEST)
        .collect();
    of_point.fill(None);
    for (k, (_, region)) in fitted.iter().enumerate() {
        region.iter().for_each(|&i| of_point[i as usize] = Some(k as u32));
    }
    let mut planes: Vec<Plane> = fitted.into_iter().map(|(plane, _)| plane).collect();
    drop_needless(points, &beside, &mut planes, &mut of_point);
    adopt(points, &beside, &planes, &mut of_point);
    Planes { planes, of_point, beside }
}

fn fit(points: &[[f64; 3]], region: &[u32]) -> Option<Plane> {
    let mut moments = Moments::default();
    region.iter().for_each(|&i| moments.add(points[i as usize]));
    moments.plane()
}

/// The region that grows from a seed over points that have none.
fn grow(
    points: &[[f64; 3]],
    around: &[Vec<u32>],
    local: &[([f64; 3], f64)],
    taken: &[Option<u32>],
    seed: u32,
    seen: &mut [bool],
) -> Vec<u32> {
    let mut moments = Moments::default();
    for &i in &around[seed as usize] {
        moments.add(points[i as usize]);
    }
    let (mut normal, _) = moments.normal();
    let mut centre = moments.centre();
    let mut moments = Moments::default();
    moments.add(points[seed as usize]);
    let mut region = vec![seed];
    seen[seed as usize] = true;
    let mut fitted_at = NEIGHBOURS;
    let mut next = 0;
    while next < region.len() {
        let here = region[next];
        next += 1;
        for &i in &around[here as usize] {
            if taken[i as usize].is_some() || seen[i as usize] {
                continue;
            }
            let p = points[i as usize];
            let across: f64 = (0..3).map(|k| (p[k] - centre[k]) * normal[k]).sum();
            let alike: f64 = (0..3).map(|k| local[i as usize].0[k] * normal[k]).sum();
            if across.abs() <= NEAR_M && alike.abs() >= ALIKE {
                seen[i as usize] = true;
                region.push(i);
                moments.add(p);
                if region.len() >= fitted_at * 3 / 2 {
                    fitted_at = region.len();
                    normal = moments.normal().0;
                    centre = moments.centre();
                }
            }
        }
    }
    region
}

/// Joins regions that touch and are one plane, the most alike first.
fn merge(points: &[[f64; 3]], beside: &[Vec<u32>], regions: &mut Vec<Vec<u32>>) {
    loop {
        let mut of_point: Vec<Option<usize>> = vec![None; points.len()];
        for (k, region) in regions.iter().enumerate() {
            region.iter().for_each(|&i| of_point[i as usize] = Some(k));
        }
        let mut contacts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (i, near) in beside.iter().enumerate() {
            for &j in near {
                if let (Some(a), Some(b)) = (of_point[i], of_point[j as usize])
                    && a != b
                {
                    *contacts.entry((a.min(b), a.max(b))).or_default() += 1;
                }
            }
        }
        let planes: Vec<Option<Plane>> = regions.iter().map(|r| fit(points, r)).collect();
        let centre = |r: &[u32]| {
            let mut moments = Moments::default();
            r.iter().for_each(|&i| moments.add(points[i as usize]));
            moments.centre()
        };
        let alike = contacts.keys().filter_map(|&(a, b)| {
            let (p, q) = (planes[a]?, planes[b]?);
            let cosine: f64 = (0..3).map(|k| p.normal()[k] * q.normal()[k]).sum();
            let apart =
                p.distance(&centre(&regions[b])).abs().max(q.distance(&centre(&regions[a])).abs());
            (cosine >= SAME_COSINE && apart <= SAME_M).then_some((apart, a, b))
        });
        let Some((_, a, b)) = alike.min_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1))) else {
            return;
        };
        let joined = regions.swap_remove(b);
        regions[a].extend(joined);
    }
}

/// Leaves out small planes whose points lie on the planes beside them: those of rounded ridges.
fn drop_needless(
    points: &[[f64; 3]],
    beside: &[Vec<u32>],
    planes: &mut Vec<Plane>,
    of_point: &mut [Option<u32>],
) {
    for k in (0..planes.len()).rev() {
        let members: Vec<usize> =
            (0..points.len()).filter(|&i| of_point[i] == Some(k as u32)).collect();
        if members.len() > SMALL_PLANE {
            continue;
        }
        let others: std::collections::BTreeSet<u32> = members
            .iter()
            .flat_map(|&i| beside[i].iter().filter_map(|&j| of_point[j as usize]))
            .filter(|&other| other != k as u32)
            .collect();
        let explained = |i: usize| {
            others.iter().any(|&o| planes[o as usize].distance(&points[i]).abs() <= NEAR_M)
        };
        let count = members.iter().filter(|&&i| explained(i)).count();
        if count * 5 >= members.len() * 4 {
            planes.remove(k);
            for of in of_point.iter_mut() {
                *of = of.filter(|&o| o != k as u32).map(|o| if o > k as u32 { o - 1 } else { o });
            }
        }
    }
}

/// Gives points without a plane that of a neighbour on whose plane they lie.
fn adopt(points: &[[f64; 3]], beside: &[Vec<u32>], planes: &[Plane], of_point: &mut [Option<u32>]) {
    let before = of_point.to_vec();
    for (i, of) in of_point.iter_mut().enumerate() {
        if of.is_none() {
            let near = beside[i].iter().filter_map(|&j| before[j as usize]);
            let nearest = near
                .map(|k| (planes[k as usize].distance(&points[i]).abs(), k))
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            *of = nearest.filter(|n| n.0 <= NEAR_M).map(|n| n.1);
        }
    }
}
