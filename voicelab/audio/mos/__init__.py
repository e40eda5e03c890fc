"""Sound quality predicted by neural models, on the 1 to 5 scale of listeners: DNSMOS (ITU-T P.835, P.808) and PLCMOS.

The models rate noise, distortion and lost packets. They do not rate whether a voice sounds natural.
"""
