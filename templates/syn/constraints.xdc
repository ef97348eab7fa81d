# not run against the vendor tool
# The clock of the design point. Out of context there is nothing else to constrain: the
# paths to and from the ports are the surrounding system's.
create_clock -name aclk -period <% .PeriodNS %> [get_ports aclk]
