package emit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/templates"
)

const plainProduct = `module product (input signed [NA_-1:0] a, input signed [NB_-1:0] b, output signed [NA_+NB_-1:0] p);
  assign p = a * b;
endmodule
`

const everyProduct = `module bench;
  reg signed [NA_-1:0] a;
  reg signed [NB_-1:0] b;
  wire signed [NA_+NB_-1:0] p;
  product u_product (.a(a), .b(b), .p(p));
  integer i, wrong;
  initial begin
    wrong = 0;
    for (i = 0; i < 1 << (NA_ + NB_); i = i + 1) begin
      {a, b} = i;
      #1;
      if (p !== a * b) begin
        if (wrong < 5) $display("%0d * %0d: expected %0d, got %0d", a, b, a * b, p);
        wrong = wrong + 1;
      end
    end
    $display("%0d wrong of %0d", wrong, i);
  end
endmodule
`

// TestBoothProducts holds what Yosys makes of a mixed array's products against plain ones: every
// pair of operands, odd widths and the narrowest too.
func TestBoothProducts(t *testing.T) {
	yosys, iverilog := need(t, "yosys"), need(t, "iverilog")
	rules, err := templates.FS.ReadFile("syn/booth_map.v")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]int{{8, 8}, {9, 8}, {8, 9}, {4, 4}, {5, 7}, {3, 3}, {9, 4}, {8, 2}, {2, 2}, {5, 12}} {
		t.Run(fmt.Sprintf("%dx%d", c[0], c[1]), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			at := strings.NewReplacer("NA_", fmt.Sprint(c[0]), "NB_", fmt.Sprint(c[1]))
			for name, text := range map[string]string{"product.v": at.Replace(plainProduct), "bench.v": at.Replace(everyProduct), "booth_map.v": string(rules)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			run(t, dir, yosys, "-q", "-p", "read_verilog product.v; proc; chtype -set $__soft_mul t:$mul; techmap -map booth_map.v; "+
				"select -assert-none t:$mul t:$__soft_mul; select -assert-min 1 t:$add; write_verilog -noattr mapped.v")
			run(t, dir, iverilog, "-o", "bench", "bench.v", "mapped.v")
			want := fmt.Sprintf("0 wrong of %d\n", 1<<(c[0]+c[1]))
			if got := run(t, dir, need(t, "vvp"), "bench"); got != want {
				t.Errorf("%s", got)
			}
		})
	}
}
