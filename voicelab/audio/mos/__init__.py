"""Neural predictions of sound quality on the 1 to 5 MOS scale: DNSMOS (ITU-T P.835, P.808) and PLCMOS.

The models rate noise, distortion and packet loss, but not whether a voice sounds natural.
"""
