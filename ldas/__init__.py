"""Kilometre-scale land data assimilation: ISBA-A-gs, a simplified extended Kalman filter, and a service.

The science packages (``ldas.model``, ``ldas.assimilation``) work on plain arrays and do no I/O; the readers
(``ldas.observations``, ``ldas.forcing``, ``ldas.physiography``) and the record (``ldas.record``) do no science;
``ldas.cycle`` is the story of one window that calls both.
"""

__version__ = "0.1.0"
