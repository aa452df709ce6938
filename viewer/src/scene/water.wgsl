// The water surface of a result: the mesh of the terrain, lifted to the bed of the run plus its depth.
// Where the terrain is higher than the water, the depth test hides it.
#import bevy_pbr::{
    forward_io::{Vertex, VertexOutput},
    mesh_functions,
    mesh_view_bindings::{view, lights},
    view_transformations::position_world_to_clip,
}
#import twin_viewer::drape::{drape, fields, drape_colour, cell_value, cell_position, inside, is_value, value_at}

// Level of the water between the centres of wet cells, and how much of the four cells is wet.
fn level_at(xz: vec2<f32>) -> vec2<f32> {
    let p = cell_position(xz) - 0.5;
    let corner = floor(p);
    let t = p - corner;
    let cells = drape.rows * drape.columns;
    var level = 0.0;
    var wet = 0.0;
    for (var i = 0; i < 4; i++) {
        let d = vec2<i32>(i & 1, i >> 1);
        let c = i32(corner.x) + d.x;
        let r = i32(corner.y) + d.y;
        if !inside(c, r) { continue; }
        let index = u32(r) * drape.columns + u32(c);
        let depth = cell_value(index);
        let bed = fields[2u * cells + index];
        if !is_value(depth) || depth < drape.transparent_below || !is_value(bed) { continue; }
        let weight = select(1.0 - t.x, t.x, d.x == 1) * select(1.0 - t.y, t.y, d.y == 1);
        level += weight * (bed + depth);
        wet += weight;
    }
    return vec2<f32>(level / max(wet, 1e-6), wet);
}

@vertex
fn vertex(in: Vertex) -> VertexOutput {
    var out: VertexOutput;
    let world_from_local = mesh_functions::get_world_from_local(in.instance_index);
    var world = mesh_functions::mesh_position_local_to_world(world_from_local, vec4<f32>(in.position, 1.0));
    let level = level_at(world.xz);
    // The scene is stretched by its root; levels are metres.
    let stretch = length(world_from_local[1].xyz);
    // Dry vertices stay a little below the terrain, so that no wall of water stands at the shore.
    world.y = select(world.y - 0.5 * stretch, level.x * stretch, level.y > 0.0);
    out.world_position = world;
    out.position = position_world_to_clip(world.xyz);
    out.world_normal = vec3<f32>(0.0, 1.0, 0.0);
#ifdef VERTEX_UVS_A
    out.uv = in.uv;
#endif
    return out;
}

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    if drape.form != 2u { discard; }
    let depth = value_at(in.world_position.xz);
    let colour = drape_colour(depth, in.position.xy);
    if colour.a <= 0.0 { discard; }
    let eye = normalize(view.world_position - in.world_position.xyz);
    // A little sky on the water at low angles (Schlick 1994).
    let grazing = pow(1.0 - max(eye.y, 0.0), 5.0);
    let sky = vec3<f32>(0.55, 0.68, 0.80);
    return vec4<f32>(mix(colour.rgb, sky, 0.35 * grazing), colour.a);
}
