//! Flat faces in space: the way they look and their triangles.

/// Twice the area of a ring as a vector at right angles to it (Newell's sum).
pub(crate) fn area_vector(ring: &[[f64; 3]]) -> [f64; 3] {
    let mut sum = [0.0; 3];
    let Some(&origin) = ring.first() else { return sum };
    let from = |p: [f64; 3]| [p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]];
    for (k, &a) in ring.iter().enumerate() {
        let (a, b) = (from(a), from(ring[(k + 1) % ring.len()]));
        sum[0] += a[1] * b[2] - a[2] * b[1];
        sum[1] += a[2] * b[0] - a[0] * b[2];
        sum[2] += a[0] * b[1] - a[1] * b[0];
    }
    sum
}

/// A flat face as triangles.
#[derive(Debug, Clone, PartialEq)]
pub struct FlatFace {
    /// Vertices of its rings in order, none repeated.
    pub positions: Vec<[f64; 3]>,
    /// Unit normal, towards those who see the outer ring anticlockwise.
    pub normal: [f64; 3],
    /// Triangles by position among the vertices, turned as the face is.
    pub triangles: Vec<[usize; 3]>,
}

impl FlatFace {
    /// A face from its rings, the outer first, closed or not; `None` where it has no area.
    pub fn new(rings: &[Vec<[f64; 3]>]) -> Option<Self> {
        let open = rings.iter().map(|ring| {
            let is_closed = ring.len() > 1 && ring.first() == ring.last();
            ring[..ring.len() - usize::from(is_closed)].to_vec()
        });
        let rings: Vec<Vec<[f64; 3]>> = open.collect();
        let n = area_vector(rings.first()?);
        let length = n.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length == 0.0 || !length.is_finite() {
            return None;
        }
        let triangles = triangulate(&rings);
        let positions = rings.into_iter().flatten().collect();
        Some(Self { positions, normal: n.map(|v| v / length), triangles })
    }
}

/// The two axes in which a face with this normal is seen largest, the way round kept.
pub(crate) fn largest_view(normal: [f64; 3]) -> [usize; 2] {
    let [x, y, z] = normal.map(f64::abs);
    if z >= x && z >= y {
        [0, 1]
    } else if x >= y {
        [1, 2]
    } else {
        [2, 0]
    }
}

/// Triangles of a flat face by positions among the vertices of its rings in order, turned as it is.
pub(crate) fn triangulate(rings: &[Vec<[f64; 3]>]) -> Vec<[usize; 3]> {
    let Some(outer) = rings.first() else { return Vec::new() };
    let normal = area_vector(outer);
    let [u, v] = largest_view(normal);
    let corners: Vec<[f64; 2]> = rings.iter().flatten().map(|p| [p[u], p[v]]).collect();
    let mut holes = Vec::new();
    let mut start = 0;
    for ring in &rings[..rings.len() - 1] {
        start += ring.len();
        holes.push(start);
    }
    let mut cut: Vec<usize> = Vec::new();
    earcut::Earcut::new().earcut(corners.iter().copied(), &holes, &mut cut);
    let upwards = normal[3 - u - v] >= 0.0;
    cut.chunks_exact(3)
        .map(|t| {
            let [a, b, c] = [t[0], t[1], t[2]].map(|k| corners[k]);
            let left = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]) >= 0.0;
            if left == upwards { [t[0], t[1], t[2]] } else { [t[0], t[2], t[1]] }
        })
        .collect()
}
