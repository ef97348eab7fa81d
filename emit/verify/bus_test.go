package verify

import (
	"context"
	"path/filepath"
	"regexp"
	"testing"
)

// Every run begins with rehearsals that a soft reset stops. Bus masters that do what AXI
// forbids, or a reset that leaves transfers behind, end in a fault that says so.
func TestBusFaultsCaught(t *testing.T) {
	simulates(t)
	t.Setenv("OPT", "-O0")
	good := tinyFolder(t, 2)
	opt := Options{Images: 1, Full: 1, Latency: 20, Stall: 0.2, Seed: 3}
	rep := mustVerify(t, good, opt)
	if rep.Resets < 3 {
		t.Errorf("%d soft resets in mid-run; expected at least 3", rep.Resets)
	}
	for _, c := range []struct{ name, file, from, to, says string }{
		{"a reset that does not wait for the bus", "vit_axi_lite.sv", `halted\[1\] && bus_idle`, "halted[1]",
			"BUSY is low with transfers under way"},
		// the address was taken, or not
		{"a reset that drops a write", "vit_axi_write.sv", `if \(!aresetn\) begin\n      state `,
			"if (!aresetn || halt) begin\n      state ", "VALID fell before READY|BUSY is low with transfers under way"},
		{"an address that changes", "vit_axi_read.sv", `if \(ask\) begin\n        m_axi_araddr`,
			"if (m_axi_arvalid) m_axi_araddr <= m_axi_araddr + 64; else if (ask) begin\n        m_axi_araddr",
			"AR: the payload changed before READY"},
		{"a last beat that is not marked", "vit_axi_write.sv", `m_axi_wlast <= .*;`, "m_axi_wlast <= 1'b0;",
			"WLAST is in the wrong beat"},
		{"data that wait for their address", "vit_axi_write.sv", `m_axi_wvalid  <= 1'b1;`,
			"end if (m_axi_awvalid && m_axi_awready) begin m_axi_wvalid <= 1'b1;", "BUSY stays high|waits for op store"},
		{"an error that is not told", "vit_axi_read.sv", `m_axi_rresp != 2'b00`, "m_axi_rresp == 2'b11",
			"status register is 0 after a soft reset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := copyFolder(t, good)
			replace(t, filepath.Join(dir, "rtl", c.file), c.from, c.to)
			_, err := Run(context.Background(), dir, opt, nil)
			if err == nil || !regexp.MustCompile(c.says).MatchString(err.Error()) {
				t.Errorf("error is %v; expected %q", err, c.says)
			}
		})
	}
}
