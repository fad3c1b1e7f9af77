"""Snow and sunlight: spectral albedo and transmission (energy document §4.5, 1 and 7; Decharme et al. 2016)."""

import numpy as np

from ldas.model.fastmath import exp
from ldas.model.kernel import helper, kernel

VISIBLE, NEAR, INFRARED = 0.71, 0.21, 0.08  # shares of the bands in sunlight
THICKNESS_MIN = 1.0e-4  # of a layer in heat and light terms, m


@helper
def optical_diameter(density, age, permanent):
    """Optical grain diameter (m) of density (kg m-3) and age (days)."""
    square = density * density
    grown = 1.6e-4 + 1.1e-13 * square * square + 0.5e-4 * min(15.0, (1.0 - permanent) * age)
    return min(2.796e-3, grown)


@helper
def spectral_albedo(diameter, age, psurf, permanent):
    """Albedo in the three bands."""
    root = np.sqrt(diameter)
    darkening = min(1.5, max(0.5, psurf / 87000.0)) * min(365.0, age) / (60.0 * (1.0 - permanent) + 900.0 * permanent)
    visible = max(0.6, min(0.92, 0.96 - 1.58 * root) - 0.2 * darkening)
    near = max(0.3, 0.9 - 15.4 * root)
    capped = min(2.3e-3, diameter)
    infrared = max(0.0, 346.3 * capped - 32.31 * np.sqrt(capped) + 0.88)
    return visible, near, infrared


@helper
def broadband(visible, near, infrared):
    """Albedo over all bands."""
    return VISIBLE * visible + NEAR * near + INFRARED * infrared


@kernel
def start_albedo(weather, surface, pack, work, count):
    """Item 1: spectral albedo of the pack found, scaled so that its mean is the stored albedo."""
    for i in range(count):
        age, permanent = pack.age[0, i], surface.permanent[i]
        diameter = optical_diameter(pack.density[0, i], age, permanent)
        visible, near, infrared = spectral_albedo(diameter, age, weather.psurf[i], permanent)
        scale = pack.albedo[i] / broadband(visible, near, infrared)
        work.visible[i] = scale * visible
        work.near[i] = scale * near
        work.infrared[i] = scale * infrared


@kernel
def transmit_sunlight(weather, surface, pack, work, count):
    """Item 7: sunlight through the bottom of each layer; what the ground reflects stays in the last layer."""
    layers = work.thickness.shape[0]
    depth_visible, depth_near, depth_infrared = work.rest[0], work.rest[1], work.rest[2]
    slant = work.flow
    any_light = 0
    for i in range(count):
        any_light |= weather.sw[i] > 0.0
        depth_visible[i] = 0.0
        depth_near[i] = 0.0
        depth_infrared[i] = 0.0
        permanent = surface.permanent[i]
        slant[i] = (1.0 - permanent) + permanent / max(0.01, weather.cos_zenith[i])
    if not any_light:
        for k in range(layers):
            for i in range(count):
                work.sunlight[k, i] = 0.0
        return
    for k in range(layers):
        for i in range(count):
            permanent, density = surface.permanent[i], pack.density[k, i]
            path = slant[i] * max(THICKNESS_MIN, work.thickness[k, i])
            per_root = density / np.sqrt(optical_diameter(density, pack.age[k, i], permanent))
            depth_visible[i] += path * max(40.0, 1.92e-3 * per_root)
            depth_near[i] += path * max(100.0, 1.098e-2 * per_root)
            depth_infrared[i] += path * 2000.0
            work.sunlight[k, i] = weather.sw[i] * (
                VISIBLE * (1.0 - work.visible[i]) * exp(-depth_visible[i])
                + NEAR * (1.0 - work.near[i]) * exp(-depth_near[i])
                + INFRARED * (1.0 - work.infrared[i]) * exp(-depth_infrared[i])
            )
    for i in range(count):
        work.sunlight[layers - 1, i] *= 1.0 - surface.albedo_free[i]


@kernel
def refresh_albedo(weather, surface, pack, count):
    """Item 15: the albedo of the next step, with the new density and the age not yet increased."""
    for i in range(count):
        age, permanent = pack.age[0, i], surface.permanent[i]
        diameter = optical_diameter(pack.density[0, i], age, permanent)
        visible, near, infrared = spectral_albedo(diameter, age, weather.psurf[i], permanent)
        pack.albedo[i] = broadband(visible, near, infrared)
