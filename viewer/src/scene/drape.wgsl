// A result on its grid: the value at a place between two moments, and its colour in the legend.
#define_import_path twin_viewer::drape

struct Stop {
    // Linear red, green, blue; texture: 0 none, 1 rising, 2 falling stripes.
    colour: vec4<f32>,
    // Upper bound of a class, or position on the ramp.
    value: f32,
    pad_a: f32,
    pad_b: f32,
    pad_c: f32,
}

struct Drape {
    // North-west corner in the scene (east, south), cell size, fraction between the two moments.
    west: f32,
    north: f32,
    cell_size: f32,
    fraction: f32,
    columns: u32,
    rows: u32,
    // 0 nothing, 1 on the ground, 2 as a water surface.
    form: u32,
    // Stops that are used; classes where `is_classed`, else a ramp.
    count: u32,
    is_classed: u32,
    opacity: f32,
    transparent_below: f32,
    pad: f32,
    stops: array<Stop, 32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(3) var<storage> fields: array<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(4) var<storage> drape: Drape;

// What stands for no value.
const NO_VALUE: f32 = -1e30;

fn is_value(v: f32) -> bool {
    return v > -1e29;
}

// Between two moments; from the one that has a value where the other has none.
fn cell_value(index: u32) -> f32 {
    let cells = drape.rows * drape.columns;
    let a = fields[index];
    let b = fields[cells + index];
    if !is_value(a) { return select(a, b, drape.fraction > 0.5); }
    if !is_value(b) { return select(a, b, drape.fraction > 0.5); }
    return mix(a, b, drape.fraction);
}

// Column and row of a place, fractional, cell centres at halves.
fn cell_position(xz: vec2<f32>) -> vec2<f32> {
    return (xz - vec2<f32>(drape.west, drape.north)) / drape.cell_size;
}

fn inside(c: i32, r: i32) -> bool {
    return c >= 0 && r >= 0 && c < i32(drape.columns) && r < i32(drape.rows);
}

// The value of the cell at a place.
fn value_at(xz: vec2<f32>) -> f32 {
    let p = cell_position(xz);
    let c = i32(floor(p.x));
    let r = i32(floor(p.y));
    if !inside(c, r) { return NO_VALUE; }
    return cell_value(u32(r) * drape.columns + u32(c));
}

fn drape_value(xz: vec2<f32>) -> f32 {
    if drape.form != 1u { return NO_VALUE; }
    return value_at(xz);
}

// Colour and opacity of a value.
fn drape_colour(value: f32, pixel: vec2<f32>) -> vec4<f32> {
    if !is_value(value) || value < drape.transparent_below || drape.count == 0u {
        return vec4<f32>(0.0);
    }
    var colour = drape.stops[drape.count - 1u].colour;
    if drape.is_classed == 1u {
        for (var i = 0u; i < drape.count; i++) {
            if value < drape.stops[i].value {
                colour = drape.stops[i].colour;
                break;
            }
        }
    } else {
        var below = drape.stops[0];
        colour = below.colour;
        for (var i = 1u; i < drape.count; i++) {
            let above = drape.stops[i];
            if value >= below.value {
                let t = clamp((value - below.value) / max(above.value - below.value, 1e-12), 0.0, 1.0);
                colour = mix(below.colour, above.colour, t);
            }
            below = above;
        }
        colour.a = 0.0;
    }
    var rgb = colour.rgb;
    if colour.a > 0.5 {
        let along = select(pixel.x - pixel.y, pixel.x + pixel.y, colour.a < 1.5);
        if fract(along / 10.0) < 0.3 { rgb = rgb * 0.45; }
    }
    return vec4<f32>(rgb, drape.opacity);
}
