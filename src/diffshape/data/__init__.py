"""Files, frames, samplers and procedural shapes."""
