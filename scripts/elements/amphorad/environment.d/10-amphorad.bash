# Which Node runs the agent: the one that amphorad brings (bundled), or the distribution's, 20.19 or newer (system).
export DIB_AMPHORAD_NODE="${DIB_AMPHORAD_NODE:-bundled}"
# As diskimage-create.sh sets it; without that script there is no ssh.
export DIB_OCTAVIA_AMP_USE_SSH="${DIB_OCTAVIA_AMP_USE_SSH:-False}"
