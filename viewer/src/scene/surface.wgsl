// Opaque surfaces of the scene: terrain with its picture and the result that lies on it, buildings
// with the colour of each, trees.
#import bevy_pbr::{
    forward_io::VertexOutput,
    mesh_view_bindings::{view, lights},
    shadows::fetch_directional_shadow,
}
#import twin_viewer::drape::{drape_value, drape_colour}

struct Look {
    // 0: the picture, 1: a colour by part of the building and by building, 2: colour of the vertices,
    // 3: the colour of the wall, the picture and the colour of the vertices upon each other.
    kind: u32,
    // Building that is marked, or 0xffffffff.
    marked: u32,
    // Colours of roof and wall.
    roof: vec4<f32>,
    wall: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> look: Look;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var picture: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var picture_sampler: sampler;
@group(#{MATERIAL_BIND_GROUP}) @binding(5) var<storage> palette: array<vec4<f32>>;

@fragment
fn fragment(in: VertexOutput) -> @location(0) vec4<f32> {
    var colour = vec3<f32>(0.8);
    let normal = normalize(in.world_normal);
#ifdef VERTEX_UVS_A
    if look.kind == 0u {
        colour = textureSample(picture, picture_sampler, in.uv).rgb;
        let drape = drape_colour(drape_value(in.world_position.xz), in.position.xy);
        colour = mix(colour, drape.rgb, drape.a);
    }
#endif
#ifdef VERTEX_UVS_B
    if look.kind == 1u {
        colour = select(look.wall.rgb, look.roof.rgb, in.uv_b.y > 0.5);
        let building = u32(in.uv_b.x + 0.5);
        if building < arrayLength(&palette) {
            let own = palette[building];
            colour = mix(colour, own.rgb * select(0.82, 1.0, in.uv_b.y > 0.5), own.a);
        }
        if building == look.marked {
            colour = mix(colour, vec3<f32>(1.0, 0.55, 0.0), 0.75);
        }
    }
#endif
#ifdef VERTEX_COLORS
    if look.kind == 2u {
        colour = in.color.rgb;
    }
#endif
    if look.kind == 3u {
        colour = look.wall.rgb;
#ifdef VERTEX_UVS_A
        colour *= textureSample(picture, picture_sampler, in.uv).rgb;
#endif
#ifdef VERTEX_COLORS
        colour *= in.color.rgb;
#endif
    }

    // Hemispheric light of the sky, and the sun where nothing stands before it.
    let sky = 0.42 + 0.16 * normal.y;
    var sun = 0.0;
    if lights.n_directional_lights > 0u {
        let to_sun = lights.directional_lights[0].direction_to_light;
        let facing = max(dot(normal, to_sun), 0.0);
        let view_z = dot(vec4<f32>(
            view.view_from_world[0].z,
            view.view_from_world[1].z,
            view.view_from_world[2].z,
            view.view_from_world[3].z
        ), in.world_position);
        var lit = 1.0;
        if (lights.directional_lights[0].flags & 1u) != 0u && facing > 0.0 {
            lit = fetch_directional_shadow(0u, in.world_position, normal, view_z, in.position.xy);
        }
        sun = facing * lit;
    }
    return vec4<f32>(colour * (sky + 0.62 * sun), 1.0);
}
