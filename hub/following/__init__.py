"""What becomes of recommendations: owners are asked, everybody can see."""
